"""What the terminals beside this file know: sessions, the counter, and nothing else of what a terminal does."""
import xml.etree.ElementTree as ET


class Device:
    """One terminal's memory."""

    def __init__(self):
        self.counter, self.session = 1, False

    def answer(self, text):
        """The command that a text asks for, if it asks for one, and the fields of its answer, in their order."""
        try:
            root = ET.fromstring(text)
            ask = (root.findtext("FUNCTION_TYPE"), root.findtext("COMMAND")) if root.tag == "TRANSACTION" else None
        except (ET.ParseError, ValueError):
            ask = None
        count = root.findtext("COUNTER") if ask else None
        self.counter = int(count) if count and ask != ("ADMIN", "GET_COUNTER") else self.counter
        words, result, code = {
            ("ADMIN", "GET_COUNTER"): ("Operation Successful", "OK", -1),
            ("DEVICE", "VERSION"): ("Version Information Captured", "OK", -1),
            ("SECONDARYPORT", "STATUS"): ("Status", "OK", -1),
            ("SESSION", "START"): ("SESSION in progress", "BUSY", 59003) if self.session else ("Session Started", "OK", -1),
            ("SESSION", "FINISH"): ("Session finished", "OK", -1) if self.session else ("No session", "ERROR", 59004),
            None: ("XML Format Incorrect", "ERROR", -2),
        }.get(ask, ("Unknown Command or error", "ERROR", 0))
        if ask and ask[0] == "SESSION":
            self.session = (self.session or ask[1] == "START") and ask[1] != "FINISH"
        fields = {"RESPONSE_TEXT": words, "RESULT": result, "RESULT_CODE": code,
                  "TERMINATION_STATUS": "SUCCESS" if result == "OK" else "FAILURE"}
        count = str(self.counter) if ask == ("ADMIN", "GET_COUNTER") else count
        fields |= {"COUNTER": count} if count else {}
        fields |= {"VERSION_INFO": "APP=PY"} if ask == ("DEVICE", "VERSION") else {}
        fields |= {"SERIAL_NUMBER": "1"} if ask == ("SECONDARYPORT", "STATUS") else {}
        fields |= {"TRAINING_MODE": "OFF"} if words == "Session Started" else {}
        return ask, fields
