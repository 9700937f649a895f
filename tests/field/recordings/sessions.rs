//! The sessions that are recorded: a name, and the steps.

/// Sessions with faults: what the broker and the network do to a terminal that is being recorded.
pub(crate) const SESSIONS: &[(&str, &str)] = &[
    (
        "reset",
        "pos -> terminal  SESSION START INVOICE=7 COUNTER=3  as a\n\
         terminal -> pos  RESULT=OK  re a\n\
         fault reset\n\
         terminal connects\n\
         pos -> terminal  SESSION START INVOICE=8  as b\n\
         terminal -> pos  RESULT_CODE=59003  re b\n",
    ),
    (
        "fin",
        "pos -> terminal  ADMIN GET_COUNTER  as a\n\
         terminal -> pos  COUNTER=1  re a\n\
         fault fin\n\
         terminal connects\n\
         pos -> terminal  DEVICE VERSION COUNTER=5  as b\n\
         terminal -> pos  COUNTER=5  re b\n",
    ),
    (
        "close",
        "broker -> terminal close 1012 \"restart\"\n\
         terminal -> broker close 1012\n\
         terminal connects\n\
         pos -> terminal  ADMIN GET_COUNTER  as a\n\
         terminal -> pos  COUNTER=1  re a\n",
    ),
    (
        "a gateway that is busy",
        "fault reset\n\
         broker answers attempt 1\n\
         \x20 HTTP/1.1 503 Busy\n\
         \x20 Retry-After: 1\n\
         terminal fails http 503\n\
         terminal connects\n\
         pos -> terminal  SESSION FINISH  as a\n\
         terminal -> pos  RESULT_CODE=59004  re a\n",
    ),
    (
        "a key that does not fit",
        "fault fin\n\
         broker answers attempt 1\n\
         \x20 HTTP/1.1 101 Switching Protocols\n\
         \x20 Upgrade: websocket\n\
         \x20 Connection: Upgrade\n\
         \x20 Sec-WebSocket-Accept: bm90IHRoZSByaWdodCBvbmU=\n\
         terminal fails handshake accept\n\
         terminal connects\n\
         pos -> terminal  ADMIN GET_COUNTER  as a\n\
         terminal -> pos  COUNTER=1  re a\n",
    ),
    (
        "fragments",
        "broker -> terminal frame text more \"<TRANSACTION><FUNCTION_TYPE>ADMIN</FUNCTION_TYPE>\"\n\
         broker -> terminal ping \"between\"\n\
         broker -> terminal frame continue last \"<COMMAND>GET_COUNTER</COMMAND></TRANSACTION>\"  as a\n\
         terminal -> broker pong \"between\"\n\
         terminal -> pos  COUNTER=1  re a\n\
         fault reset\n\
         terminal connects\n",
    ),
    (
        "a breach of the protocol",
        "broker -> terminal frame text last rsv 1 \"x\"\n\
         terminal -> broker close 1002\n\
         terminal connects\n\
         pos -> terminal text \"no document\"  as a\n\
         terminal -> pos  RESULT_CODE=-2  re a\n",
    ),
    (
        "half a request",
        "fault reset after 9 bytes of a\n\
         pos -> terminal  SESSION START INVOICE=7  as a\n\
         terminal connects\n\
         pos -> terminal  SESSION START INVOICE=8  as b\n\
         terminal -> pos  RESULT=OK  re b\n",
    ),
    (
        "two at once, and again",
        "together\n\
         \x20 pos -> terminal  DEVICE VERSION COUNTER=3  as a\n\
         \x20 pos -> terminal  ADMIN GET_COUNTER  as b\n\
         terminal -> pos  COUNTER=3  re a\n\
         terminal -> pos  COUNTER=3  re b\n\
         fault fin\n\
         terminal connects\n\
         fault reset\n\
         terminal connects\n\
         pos -> terminal  ADMIN GET_COUNTER  as c\n\
         terminal -> pos  COUNTER=3  re c\n",
    ),
    (
        "nothing reaches the terminal",
        "pos -> terminal  SESSION START INVOICE=7  as a\n\
         terminal -> pos  RESULT=OK  re a\n\
         fault silence to terminal\n\
         terminal connects  within 30s\n\
         pos -> terminal  SESSION FINISH  as b\n\
         terminal -> pos  RESULT=OK  re b\n",
    ),
    (
        "asked for more than it takes",
        "pos -> terminal  as a\n\
         \x20 <TRANSACTION>\n\
         \x20   <FUNCTION_TYPE>SESSION</FUNCTION_TYPE>\n\
         \x20   <COMMAND>START</COMMAND><!-- a remark -->\n\
         \x20   <INVOICE><![CDATA[7]]></INVOICE>\n\
         \x20 </TRANSACTION>\n\
         terminal -> pos  RESULT=OK  re a\n\
         pos -> terminal binary 00ff  as b\n\
         terminal -> pos  RESULT_CODE=-2  re b\n\
         fault reset\n\
         terminal connects\n",
    ),
];
