/* A client core in C or C++: the lines of core protocol 1 as calls.
 *
 * Fill in `struct sca_callbacks` and call `sca_main`. What the core orders is said with sca_dial, sca_request and the
 * others, within a callback. Times are nanoseconds since the start of the run; a deadline of SCA_NEVER is none.
 * Needs nothing but the C library.
 *
 * A core with a TLS and a WebSocket of its own (level `bytes`) defines SCA_LEVEL_BYTES before it includes this file: it
 * has the callbacks at the end of the structure in place of those from `opened` to `lost`, and says sca_bytes, sca_end
 * and sca_reset. */
#ifndef SCA_CORE_H
#define SCA_CORE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCA_NEVER INT64_MAX

struct sca_settings {
    char host[256], pinpad_id[256], host_port[16], seed[64];
    int port, secure, header_space_before_colon, subprotocol_required;
    int64_t ping_interval, boot_time, connect_timeout, tls_timeout, upgrade_timeout, pong_timeout;
    int64_t retry_first, retry_growth, retry_cap, retry_jitter, retry_after_max, message_size_max;
};

/* What TLS works with, at level `bytes`: certificates and keys in PEM; an empty text for none. */
struct sca_tls {
    char *roots, *revocation_lists, *certificate, *key, *versions, *groups;
    int resumption;
};

/* The headers of an answer: pairs of name and value. */
struct sca_headers {
    int count;
    char *names[64], *values[64];
};

struct sca_callbacks {
    void (*init)(void *core, const struct sca_settings *settings);
    void (*configure)(void *core, const struct sca_settings *settings);
    void (*start)(void *core);
    void (*stop)(void *core);
    void (*leave)(void *core, int code);
    void (*tick)(void *core);
    void (*opened)(void *core, long connection);
    void (*secured)(void *core, long connection);
    void (*answered)(void *core, long connection, int status, int version, const struct sca_headers *headers);
    void (*failed)(void *core, long connection, const char *reason);
    void (*text)(void *core, long connection, const char *text);
    void (*binary)(void *core, long connection);
    void (*pong)(void *core, long connection, const char *payload);
    void (*closed)(void *core, long connection);
    void (*violation)(void *core, long connection, int code);
    void (*lost)(void *core, long connection);
    void (*send)(void *core, const char *text);
    int64_t (*deadline)(void *core);
    /* Level `bytes`: TCP is connected (`tls` is NULL for ws), bytes, no more bytes, reset. */
    void (*reached)(void *core, long connection, const struct sca_tls *tls);
    void (*bytes)(void *core, long connection, const unsigned char *bytes, size_t size);
    void (*ended)(void *core, long connection);
    void (*reset)(void *core, long connection);
};

/* The time of the input that is being handled, and the device's clock in seconds since 1970. */
static int64_t sca_now, sca_wall;

/* ---- A text that grows. ---- */

struct sca_buffer {
    char *bytes;
    size_t size, room;
};

static void sca_put(struct sca_buffer *b, const char *bytes, size_t size) {
    if (b->size + size + 1 > b->room) {
        b->room = (b->size + size + 1) * 2;
        b->bytes = (char *)realloc(b->bytes, b->room);
        if (!b->bytes) abort();
    }
    memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
    b->bytes[b->size] = 0;
}

static void sca_puts(struct sca_buffer *b, const char *text) { sca_put(b, text, strlen(text)); }

static void sca_put_string(struct sca_buffer *b, const char *text) {
    char escaped[8];
    sca_puts(b, "\"");
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\') {
            snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)*text);
            sca_puts(b, escaped);
        } else {
            sca_put(b, text, 1);
        }
    }
    sca_puts(b, "\"");
}

/* ---- Base64. ---- */

/* Writes four letters for each three bytes, and a zero byte. */
static void sca_base64(const unsigned char *bytes, size_t size, char *to) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t n = (uint32_t)bytes[i] << 16 | (i + 1 < size ? bytes[i + 1] << 8 : 0) | (i + 2 < size ? bytes[i + 2] : 0);
        for (int j = 0; j < 4; j++) *to++ = i + (size_t)j > size ? '=' : letters[(n >> (18 - 6 * j)) & 63];
    }
    *to = 0;
}

/* Decodes a text in its place. Returns the count of bytes. */
static size_t sca_unbase64(char *text) {
    unsigned char *to = (unsigned char *)text;
    uint32_t bits = 0;
    int count = 0;
    for (const char *p = text; *p && *p != '='; p++) {
        int value = *p >= 'a' ? *p - 'a' + 26 : *p >= 'A' ? *p - 'A' : *p >= '0' ? *p - '0' + 52 : *p == '+' ? 62 : 63;
        bits = bits << 6 | (uint32_t)value, count += 6;
        if (count >= 8) count -= 8, *to++ = (unsigned char)(bits >> count);
    }
    return (size_t)(to - (unsigned char *)text);
}

/* ---- Reading JSON: a value is a pointer into the line. ---- */

static const char *sca_space(const char *p) { return p + strspn(p, " \t\r\n"); }

static const char *sca_skip_string(const char *p) {
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1]) p++;
    return *p ? p + 1 : p;
}

static const char *sca_skip(const char *p) {
    int depth = 0;
    do {
        p = sca_space(p);
        if (*p == '"') {
            p = sca_skip_string(p);
        } else if (*p == '{' || *p == '[') {
            depth++, p++;
        } else if (*p == '}' || *p == ']') {
            depth--, p++;
        } else if (*p == ',' || *p == ':') {
            p++;
        } else {
            p += strcspn(p, ",:]} \t\r\n");
        }
    } while (*p && depth > 0);
    return p;
}

/* The value of a key of an object; NULL if there is none. */
static const char *sca_get(const char *object, const char *key) {
    size_t size = strlen(key);
    const char *p = object ? sca_space(object) : "";
    if (*p != '{') return NULL;
    for (p = sca_space(p + 1); *p == '"';) {
        int found = strncmp(p + 1, key, size) == 0 && p[size + 1] == '"';
        p = sca_space(sca_skip_string(p));
        p = sca_space(p + (*p == ':'));
        if (found) return p;
        p = sca_space(sca_skip(p));
        p = sca_space(p + (*p == ','));
    }
    return NULL;
}

static int64_t sca_number(const char *value) {
    if (!value) return 0;
    return strncmp(value, "true", 4) == 0 ? 1 : strtoll(value, NULL, 10);
}

/* A string without its escapes, as UTF-8, to be freed. */
static char *sca_text_of(const char *value) {
    struct sca_buffer b = {0};
    sca_puts(&b, "");
    if (!value || *value != '"') return b.bytes;
    for (value++; *value && *value != '"'; value++) {
        if (*value != '\\') {
            sca_put(&b, value, 1);
            continue;
        }
        value++;
        if (*value != 'u') {
            const char *from = "nrtbf", *at = *value ? strchr(from, *value) : NULL;
            sca_put(&b, at ? &"\n\r\t\b\f"[at - from] : value, 1);
            continue;
        }
        unsigned code = 0, low = 0;
        char utf8[4];
        sscanf(value + 1, "%4x", &code);
        value += 4;
        if (code >= 0xd800 && code < 0xdc00 && sscanf(value + 1, "\\u%4x", &low) == 1) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            value += 6;
        }
        int size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (int i = size - 1; i > 0; i--, code >>= 6) utf8[i] = (char)(0x80 | (code & 0x3f));
        utf8[0] = (char)(first[size] | code);
        sca_put(&b, utf8, (size_t)size);
    }
    return b.bytes;
}

static void sca_copy(char *to, size_t room, const char *value) {
    char *text = sca_text_of(value);
    snprintf(to, room, "%s", text);
    free(text);
}

/* ---- Saying what the core orders. ---- */

static struct sca_buffer sca_out;

static void sca_say(const char *name) {
    if (sca_out.size) sca_puts(&sca_out, ",");
    sca_puts(&sca_out, "{\"");
    sca_puts(&sca_out, name);
    sca_puts(&sca_out, "\":{");
}

static void sca_connection(long connection) {
    char number[48];
    snprintf(number, sizeof number, "\"connection\":%ld", connection);
    sca_puts(&sca_out, number);
}

static void sca_order(const char *name, long connection, const char *key, const char *text) {
    sca_say(name);
    sca_connection(connection);
    if (key) {
        sca_puts(&sca_out, ",\"");
        sca_puts(&sca_out, key);
        sca_puts(&sca_out, "\":");
        sca_put_string(&sca_out, text);
    }
    sca_puts(&sca_out, "}}");
}

static void sca_report(const char *link, const char *reason) {
    sca_say("report");
    sca_puts(&sca_out, "\"link\":");
    sca_put_string(&sca_out, link);
    if (reason) {
        sca_puts(&sca_out, ",\"reason\":");
        sca_put_string(&sca_out, reason);
    }
    sca_puts(&sca_out, "}}");
}

static void sca_dial(long connection, const char *host, int port, int secure) {
    char rest[64];
    sca_say("dial");
    sca_connection(connection);
    sca_puts(&sca_out, ",\"host\":");
    sca_put_string(&sca_out, host);
    snprintf(rest, sizeof rest, ",\"port\":%d,\"secure\":%s}}", port, secure ? "true" : "false");
    sca_puts(&sca_out, rest);
}

/* Says that the core cannot do what it is asked for; the rest of the answer does not count. */
static const char *sca_cannot;
static void sca_unsupported(const char *why) { sca_cannot = why; }

#ifdef SCA_LEVEL_BYTES
static void sca_bytes(long connection, const unsigned char *bytes, size_t size) {
    char *text = (char *)malloc(size / 3 * 4 + 5);
    if (!text) abort();
    sca_base64(bytes, size, text);
    sca_order("bytes", connection, "bytes", text);
    free(text);
}
static void sca_end(long connection) { sca_order("end", connection, NULL, NULL); }
static void sca_reset(long connection) { sca_order("reset", connection, NULL, NULL); }
#else
static void sca_request(long connection, const char *head) { sca_order("request", connection, "head", head); }
static void sca_open(long connection) { sca_order("open", connection, NULL, NULL); }
static void sca_text(long connection, const char *text) { sca_order("text", connection, "text", text); }
static void sca_ping(long connection, const char *payload) { sca_order("ping", connection, "text", payload); }
static void sca_drop(long connection) { sca_order("drop", connection, NULL, NULL); }

static void sca_close(long connection, int code) {
    char rest[32];
    sca_say("close");
    sca_connection(connection);
    snprintf(rest, sizeof rest, ",\"code\":%d}}", code);
    sca_puts(&sca_out, rest);
}
#endif

static void sca_received(long connection, const char *text) { sca_order("received", connection, "text", text); }
static void sca_received_binary(long connection) { sca_order("received-binary", connection, NULL, NULL); }

/* ---- Reading the questions. ---- */

static void sca_read_settings(const char *json, struct sca_settings *s) {
    sca_copy(s->host, sizeof s->host, sca_get(json, "host"));
    sca_copy(s->pinpad_id, sizeof s->pinpad_id, sca_get(json, "pinpad-id"));
    sca_copy(s->host_port, sizeof s->host_port, sca_get(json, "host-port"));
    s->port = (int)sca_number(sca_get(json, "port"));
    s->secure = (int)sca_number(sca_get(json, "secure"));
    s->header_space_before_colon = (int)sca_number(sca_get(json, "header-space-before-colon"));
    s->subprotocol_required = (int)sca_number(sca_get(json, "subprotocol-required"));
    s->ping_interval = sca_number(sca_get(json, "ping-interval"));
    s->boot_time = sca_number(sca_get(json, "boot-time"));
    s->connect_timeout = sca_number(sca_get(json, "connect-timeout"));
    s->tls_timeout = sca_number(sca_get(json, "tls-timeout"));
    s->upgrade_timeout = sca_number(sca_get(json, "upgrade-timeout"));
    s->pong_timeout = sca_number(sca_get(json, "pong-timeout"));
    s->retry_first = sca_number(sca_get(json, "retry-first"));
    s->retry_growth = sca_number(sca_get(json, "retry-growth"));
    s->retry_cap = sca_number(sca_get(json, "retry-cap"));
    s->retry_jitter = sca_number(sca_get(json, "retry-jitter"));
    s->retry_after_max = sca_number(sca_get(json, "retry-after-max"));
    s->message_size_max = sca_number(sca_get(json, "message-size-max"));
}

static void sca_answered(const struct sca_callbacks *on, void *core, long connection, const char *link) {
    struct sca_headers headers = {0};
    const char *p = sca_get(link, "headers");
    for (p = p ? sca_space(p + 1) : ""; *p == '[' && headers.count < 64;) {
        const char *name = sca_space(p + 1), *value = sca_space(sca_skip_string(name));
        value = sca_space(value + (*value == ','));
        headers.names[headers.count] = sca_text_of(name);
        headers.values[headers.count++] = sca_text_of(value);
        p = sca_space(sca_skip(p));
        p = sca_space(p + (*p == ','));
    }
    on->answered(core, connection, (int)sca_number(sca_get(link, "status")), (int)sca_number(sca_get(link, "version")),
                 &headers);
    for (int i = 0; i < headers.count; i++) free(headers.names[i]), free(headers.values[i]);
}

static void sca_reached(const struct sca_callbacks *on, void *core, long connection, const char *json) {
    const char *names[] = {"roots", "revocation-lists", "certificate", "key", "versions", "groups"};
    char *texts[6];
    for (int i = 0; i < 6; i++) texts[i] = sca_text_of(sca_get(json, names[i]));
    struct sca_tls tls = {texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], (int)sca_number(sca_get(json, "resumption"))};
    on->reached(core, connection, json ? &tls : NULL);
    for (int i = 0; i < 6; i++) free(texts[i]);
}

static void sca_bytes_of(const struct sca_callbacks *on, void *core, long connection, const char *value) {
    char *text = sca_text_of(value);
    size_t size = sca_unbase64(text);
    on->bytes(core, connection, (const unsigned char *)text, size);
    free(text);
}

static void sca_link(const struct sca_callbacks *on, void *core, const char *link) {
    char event[32];
    long connection = (long)sca_number(sca_get(link, "connection"));
    sca_copy(event, sizeof event, sca_get(link, "event"));
    char *text = sca_text_of(sca_get(link, strcmp(event, "failed") ? "text" : "reason"));
    if (!strcmp(event, "opened") && on->reached) sca_reached(on, core, connection, sca_get(link, "tls"));
    else if (!strcmp(event, "bytes")) sca_bytes_of(on, core, connection, sca_get(link, "bytes"));
    else if (!strcmp(event, "ended")) on->ended(core, connection);
    else if (!strcmp(event, "reset")) on->reset(core, connection);
    else if (!strcmp(event, "opened")) on->opened(core, connection);
    else if (!strcmp(event, "secured")) on->secured(core, connection);
    else if (!strcmp(event, "answered")) sca_answered(on, core, connection, link);
    else if (!strcmp(event, "failed")) on->failed(core, connection, text);
    else if (!strcmp(event, "text")) on->text(core, connection, text);
    else if (!strcmp(event, "binary")) on->binary(core, connection);
    else if (!strcmp(event, "pong")) on->pong(core, connection, text);
    else if (!strcmp(event, "closed")) on->closed(core, connection);
    else if (!strcmp(event, "violation")) on->violation(core, connection, (int)sca_number(sca_get(link, "code")));
    else if (!strcmp(event, "lost")) on->lost(core, connection);
    free(text);
}

static void sca_input(const struct sca_callbacks *on, void *core, const char *input) {
    struct sca_settings settings = {0};
    if (sca_get(input, "start")) on->start(core);
    else if (sca_get(input, "stop")) on->stop(core);
    else if (sca_get(input, "leave")) on->leave(core, (int)sca_number(sca_get(sca_get(input, "leave"), "code")));
    else if (sca_get(input, "tick")) on->tick(core);
    else if (sca_get(input, "link")) sca_link(on, core, sca_get(input, "link"));
    else if (sca_get(input, "configure")) {
        sca_read_settings(sca_get(sca_get(input, "configure"), "settings"), &settings);
        on->configure(core, &settings);
    } else if (sca_get(input, "send")) {
        char *text = sca_text_of(sca_get(sca_get(input, "send"), "text"));
        on->send(core, text);
        free(text);
    }
}

static char *sca_line(void) {
    static struct sca_buffer line;
    char part[65536];
    line.size = 0;
    while (fgets(part, sizeof part, stdin)) {
        sca_puts(&line, part);
        if (line.bytes[line.size - 1] == '\n') return line.bytes;
    }
    return NULL;
}

/* Answers every line until standard input ends. */
static int sca_main(const struct sca_callbacks *on, void *core, const char *name, const char *version) {
    for (char *line; (line = sca_line());) {
        const char *init = sca_get(line, "init"), *level = on->bytes ? "bytes" : "documents";
        char asked[16];
        sca_out.size = 0;
        sca_puts(&sca_out, "");
        sca_cannot = NULL;
        sca_copy(asked, sizeof asked, sca_get(init, "level"));
        if (init && strcmp(asked, level)) {
            printf("{\"unsupported\":\"the level %s\"}\n", asked);
            fflush(stdout);
            continue;
        }
        if (init) {
            struct sca_settings settings = {0};
            sca_read_settings(sca_get(init, "settings"), &settings);
            sca_copy(settings.seed, sizeof settings.seed, sca_get(init, "seed"));
            on->init(core, &settings);
            printf("{\"ok\":{\"name\":\"%s\",\"version\":\"%s\",\"level\":\"%s\",\"supports\":[\"proxy\",\"ping\"]}", name,
                   version, level);
        } else {
            sca_now = sca_number(sca_get(line, "now"));
            sca_wall = sca_number(sca_get(line, "wall"));
            sca_input(on, core, sca_get(line, "input"));
            if (sca_cannot) {
                printf("{\"unsupported\":\"%s\"}\n", sca_cannot);
                fflush(stdout);
                continue;
            }
            printf("{\"outputs\":[%s]", sca_out.bytes);
        }
        int64_t deadline = on->deadline(core);
        if (deadline == SCA_NEVER) puts(",\"deadline\":null}");
        else printf(",\"deadline\":%lld}\n", (long long)deadline);
        fflush(stdout);
    }
    return 0;
}

#endif
