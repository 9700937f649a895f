import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * A client core in Java, written as such clients are: tasks on a single-threaded scheduler. The scheduler's clock is the
 * time that each question brings, so that a month passes in a moment.
 *
 *     java ClientCore.java
 *     sca-sim core check --core 'java ClientCore.java'
 */
public class ClientCore {
    /** Tasks that wait for their time, in virtual time. A task that was cancelled is skipped. */
    static class Scheduler {
        record Task(long at, long order, Runnable run) {}

        private final PriorityQueue<Task> tasks =
            new PriorityQueue<>((a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.order, b.order));
        private long order;
        long now;

        Task after(long nanos, Runnable run) {
            Task task = new Task(now + nanos, order++, run);
            tasks.add(task);
            return task;
        }

        void cancel(Task task) {
            if (task != null) tasks.remove(task);
        }

        void runDue() {
            while (!tasks.isEmpty() && tasks.peek().at <= now) tasks.poll().run.run();
        }

        Long deadline() {
            return tasks.isEmpty() ? null : tasks.peek().at;
        }
    }

    enum State { OFF, WAITING, DIALLING, UPGRADING, UP }

    static final long SECOND = 1_000_000_000L;

    final Scheduler scheduler = new Scheduler();
    final List<Object> out = new ArrayList<>();
    final Random random;
    Map<String, Object> settings;
    State state = State.OFF;
    Scheduler.Task timer, ping, pong;
    long connection, pings, wall;
    int pauses;
    String accept = "";

    ClientCore(Map<String, Object> init) {
        settings = object(init.get("settings"));
        random = new Random(Long.parseUnsignedLong(((String) init.get("seed")).substring(16), 16));
    }

    // ---- What happens. ----

    void handle(String name, Map<String, Object> value) {
        switch (name) {
            case "start" -> {
                pauses = 0;
                next(State.WAITING, number("boot-time"), this::dial);
            }
            case "stop" -> leave(null);
            case "leave" -> leave(value.get("code"));
            case "tick" -> scheduler.runDue();
            case "configure" -> settings = object(value.get("settings"));
            case "send" -> {
                if (state == State.UP) order("text", "text", value.get("text"));
            }
            case "link" -> {
                if ((Long) value.get("connection") == connection) link(value);
            }
            default -> throw new IllegalArgumentException("the input " + name);
        }
    }

    void link(Map<String, Object> value) {
        String event = (String) value.get("event");
        boolean attempt = state == State.DIALLING || state == State.UPGRADING, up = state == State.UP;
        if (event.equals("opened") && state == State.DIALLING) {
            if (secure()) next(State.DIALLING, number("tls-timeout"), this::timeout);
            else request();
        } else if (event.equals("secured") && state == State.DIALLING) {
            request();
        } else if (event.equals("answered") && state == State.UPGRADING) {
            answered(value);
        } else if (event.equals("failed") && attempt) {
            fail((String) value.get("reason"), 0);
        } else if (event.equals("text") && up) {
            pauses = 0;
            order("received", "text", value.get("text"));
        } else if (event.equals("binary") && up) {
            order("received-binary");
        } else if (event.equals("pong") && up && pong != null && Long.toString(pings).equals(value.get("text"))) {
            scheduler.cancel(pong);
            pong = null;
        } else if (event.equals("violation") && up) {
            order("close", "code", value.get("code"));
            lose();
        } else if (List.of("failed", "closed", "lost").contains(event) && up) {
            lose();
        }
    }

    void answered(Map<String, Object> value) {
        String why = judge(value);
        if (why != null) {
            order("drop");
            fail(why, retryAfter(value));
            return;
        }
        next(State.UP, 0, null);
        order("open");
        report("connects", null);
        long interval = number("ping-interval");
        if (interval > 0) ping = scheduler.after(interval * SECOND, this::ping);
    }

    // ---- What follows. ----

    void dial() {
        connection++;
        report("attempts", null);
        order("dial", "host", settings.get("host"), "port", settings.get("port"), "secure", settings.get("secure"));
        next(State.DIALLING, number("connect-timeout"), this::timeout);
    }

    void timeout() {
        order("drop");
        fail("timeout", 0);
    }

    void ping() {
        order("ping", "text", Long.toString(++pings));
        pong = scheduler.after(number("pong-timeout"), () -> {
            order("close", "code", 1001L);
            lose();
        });
        long interval = number("ping-interval");
        // A ping waits for the pong of the one before.
        ping = interval > 0 ? scheduler.after(interval * SECOND, this::pingAgain) : null;
    }

    void pingAgain() {
        if (pong == null) ping();
        else ping = scheduler.after(SECOND / 1000, this::pingAgain);
    }

    void request() {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        String key = Base64.getEncoder().encodeToString(bytes);
        accept = digest(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        String host = (String) settings.get("host"), hostPort = (String) settings.get("host-port");
        long port = number("port");
        if (host.contains(":")) host = "[" + host + "]";
        boolean named = hostPort.equals("always") || (hostPort.equals("auto") && port != (secure() ? 443 : 80));
        String address = named ? host + ":" + port : host;
        String space = Boolean.TRUE.equals(settings.get("header-space-before-colon")) ? " " : "";
        next(State.UPGRADING, number("upgrade-timeout"), this::timeout);
        order("request", "head", String.join("\r\n",
            "GET / HTTP/1.1", "Pragma: no-cache", "Cache-Control: no-cache", "Host: " + address,
            "Origin: http" + (secure() ? "s" : "") + "://" + address, "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: " + key, "Sec-WebSocket-Protocol: sci", "Sec-WebSocket-Version: 13",
            "x-vfi-pinpad-id" + space + ": " + settings.get("pinpad-id"), "", ""));
    }

    /** Why an answer is not acceptable (RFC 6455, section 4.1); null if it is. */
    String judge(Map<String, Object> answer) {
        long status = (Long) answer.get("status");
        if (status != 101) return "http " + status;
        if ((Long) answer.get("version") != 1) return "handshake version";
        if (!lists(answer, "upgrade", "websocket")) return "handshake upgrade";
        if (!lists(answer, "connection", "upgrade")) return "handshake connection";
        if (!values(answer, "sec-websocket-accept").equals(List.of(accept))) return "handshake accept";
        if (!values(answer, "sec-websocket-extensions").isEmpty()) return "handshake extension";
        List<String> protocols = values(answer, "sec-websocket-protocol");
        if (protocols.isEmpty()) {
            return Boolean.TRUE.equals(settings.get("subprotocol-required")) ? "handshake no-subprotocol" : null;
        }
        return protocols.equals(List.of("sci")) ? null : "handshake subprotocol";
    }

    long retryAfter(Map<String, Object> answer) {
        List<String> wanted = values(answer, "retry-after");
        if (wanted.isEmpty()) return 0;
        try {
            String value = wanted.get(0);
            long seconds = value.matches("[0-9]+")
                ? (value.length() > 9 ? Integer.MAX_VALUE : Long.parseLong(value))
                : ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toEpochSecond() - wall;
            return Math.min(Math.max(0, seconds) * SECOND, number("retry-after-max"));
        } catch (RuntimeException notADate) {
            return 0;
        }
    }

    void fail(String reason, long after) {
        report("fails", reason);
        pause(after);
    }

    void lose() {
        report("loses", null);
        pause(0);
    }

    void pause(long after) {
        long jitter = number("retry-jitter"), most = number("retry-cap") * 100 / (100 + jitter);
        long span = number("retry-first");
        for (int i = 0; i < pauses && span < most; i++) span *= number("retry-growth");
        span = Math.min(span, most);
        pauses++;
        next(State.WAITING, Math.max(span, after) + span * jitter / 100 / 1000 * random.nextInt(1000), this::dial);
    }

    void leave(Object code) {
        State was = state;
        next(State.OFF, 0, null);
        if (was == State.UP && code != null) order("close", "code", code);
        else if (was.compareTo(State.DIALLING) >= 0) order("drop");
        if (was == State.UP) report("loses", null);
    }

    /** Goes to a state. Every timer of the one before is cancelled; `run` follows after a while. */
    void next(State to, long nanos, Runnable run) {
        for (Scheduler.Task task : new Scheduler.Task[] {timer, ping, pong}) scheduler.cancel(task);
        ping = pong = null;
        state = to;
        timer = run == null ? null : scheduler.after(nanos, run);
    }

    // ---- The lines. ----

    void order(String name, Object... fields) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("connection", connection);
        for (int i = 0; i < fields.length; i += 2) value.put((String) fields[i], fields[i + 1]);
        out.add(Map.of(name, value));
    }

    void report(String link, String reason) {
        out.add(Map.of("report", reason == null ? Map.of("link", link) : Map.of("link", link, "reason", reason)));
    }

    long number(String name) {
        return (Long) settings.get(name);
    }

    boolean secure() {
        return (Boolean) settings.get("secure");
    }

    static List<String> values(Map<String, Object> answer, String name) {
        List<String> found = new ArrayList<>();
        for (Object pair : (List<?>) answer.get("headers")) {
            List<?> header = (List<?>) pair;
            if (((String) header.get(0)).equalsIgnoreCase(name)) found.add((String) header.get(1));
        }
        return found;
    }

    static boolean lists(Map<String, Object> answer, String name, String word) {
        for (String value : values(answer, name))
            for (String part : value.split(",")) if (part.trim().equalsIgnoreCase(word)) return true;
        return false;
    }

    static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(hash);
        } catch (java.security.NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    /** JSON: objects are maps, arrays are lists, whole numbers are Long. */
    static class Json {
        final String text;
        int at;

        Json(String text) {
            this.text = text;
        }

        Object read() {
            char c = text.charAt(skip());
            if (c == '"') return string();
            if (c == '{' || c == '[') {
                Map<String, Object> map = new LinkedHashMap<>();
                List<Object> list = new ArrayList<>();
                at++;
                while (text.charAt(skip()) != '}' && text.charAt(at) != ']') {
                    if (text.charAt(at) == ',') {
                        at++;
                    } else if (c == '{') {
                        String key = string();
                        skip();
                        at++;
                        map.put(key, read());
                    } else {
                        list.add(read());
                    }
                }
                at++;
                return c == '{' ? map : list;
            }
            int begin = at;
            while (at < text.length() && ",:]} \t".indexOf(text.charAt(at)) < 0) at++;
            String word = text.substring(begin, at);
            return word.equals("null") ? null : word.equals("true") || word.equals("false") ? (Object) word.equals("true")
                : (Object) Long.parseLong(word);
        }

        private int skip() {
            while (Character.isWhitespace(text.charAt(at))) at++;
            return at;
        }

        private String string() {
            StringBuilder out = new StringBuilder();
            for (at++; text.charAt(at) != '"'; at++) {
                char c = text.charAt(at);
                if (c == '\\') {
                    c = text.charAt(++at);
                    int plain = "nrtbf".indexOf(c);
                    if (c == 'u') {
                        c = (char) Integer.parseInt(text.substring(at + 1, at + 5), 16);
                        at += 4;
                    } else if (plain >= 0) {
                        c = "\n\r\t\b\f".charAt(plain);
                    }
                }
                out.append(c);
            }
            at++;
            return out.toString();
        }

        static void write(StringBuilder out, Object value) {
            if (value instanceof Map<?, ?> map) {
                char before = '{';
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(before);
                    write(out, entry.getKey());
                    write(out.append(':'), entry.getValue());
                    before = ',';
                }
                out.append(map.isEmpty() ? "{}" : "}");
            } else if (value instanceof List<?> list) {
                out.append('[');
                for (int i = 0; i < list.size(); i++) write(i > 0 ? out.append(',') : out, list.get(i));
                out.append(']');
            } else if (value instanceof String text) {
                out.append('"');
                for (char c : text.toCharArray()) {
                    if (c < 0x20 || c == '"' || c == '\\') out.append(String.format("\\u%04x", (int) c));
                    else out.append(c);
                }
                out.append('"');
            } else {
                out.append(value);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream to = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        ClientCore core = null;
        for (String line; (line = in.readLine()) != null; ) {
            Map<String, Object> question = object(new Json(line).read()), answer = new LinkedHashMap<>();
            if (question.containsKey("init")) {
                core = new ClientCore(object(question.get("init")));
                Map<String, Object> about = new LinkedHashMap<>();
                about.put("name", "java-sample");
                about.put("version", "1");
                about.put("level", "documents");
                about.put("supports", List.of("proxy", "ping"));
                answer.put("ok", about);
            } else {
                core.scheduler.now = (Long) question.get("now");
                core.wall = (Long) question.get("wall");
                Map.Entry<String, Object> input = object(question.get("input")).entrySet().iterator().next();
                core.handle(input.getKey(), object(input.getValue()));
                answer.put("outputs", new ArrayList<>(core.out));
                core.out.clear();
            }
            answer.put("deadline", core.scheduler.deadline());
            StringBuilder text = new StringBuilder();
            Json.write(text, answer);
            to.print(text.append('\n'));
            to.flush();
        }
    }
}
