/* A client core in C (and in C++): it keeps one WebSocket connection to the broker for ever.
 *
 *     cc -O2 -o client_core client_core.c
 *     sca-sim core check --core ./client_core */
#include "sca_core.h"

enum state { OFF, WAITING, DIALLING, UPGRADING, UP };

struct core {
    struct sca_settings s;
    enum state state;
    long connection, pings;
    int pauses;
    int64_t deadline, ping_due, ping_next, pong_due;
    uint64_t chance;
    char accept[64];
};

static const int64_t SECOND = 1000000000;

/* ---- Chance and SHA-1. ---- */

static uint64_t draw(struct core *c) { /* xorshift64* */
    c->chance ^= c->chance >> 12, c->chance ^= c->chance << 25, c->chance ^= c->chance >> 27;
    return c->chance * 2685821657736338717ull;
}

static uint32_t roll(uint32_t x, int n) { return (x << n) | (x >> (32 - n)); }

/* SHA-1 of at most 119 bytes (RFC 3174). */
static void sha1(const char *text, unsigned char digest[20]) {
    unsigned char block[128] = {0};
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    size_t size = strlen(text), blocks = size < 56 ? 1 : 2;
    memcpy(block, text, size);
    block[size] = 0x80;
    for (int i = 0; i < 8; i++) block[blocks * 64 - 1 - i] = (unsigned char)((size * 8) >> (8 * i));
    for (size_t b = 0; b < blocks; b++) {
        uint32_t w[80], a = h[0], bb = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++) {
            const unsigned char *p = block + b * 64 + i * 4;
            w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        }
        for (int i = 16; i < 80; i++) w[i] = roll(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20 ? ((bb & c) | (~bb & d)) : i < 40 ? (bb ^ c ^ d) : i < 60 ? ((bb & c) | (bb & d) | (c & d)) : (bb ^ c ^ d);
            static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
            uint32_t t = roll(a, 5) + f + e + k[i / 20] + w[i];
            e = d, d = c, c = roll(bb, 30), bb = a, a = t;
        }
        h[0] += a, h[1] += bb, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- What follows. ---- */

static void wait_for(struct core *c, enum state state, int64_t span) { c->state = state, c->deadline = sca_now + span; }

static void pause(struct core *c, int64_t after) {
    int64_t most = c->s.retry_cap * 100 / (100 + c->s.retry_jitter), span = c->s.retry_first;
    for (int i = 0; i < c->pauses && span < most; i++) span *= c->s.retry_growth;
    if (span > most) span = most;
    int64_t jitter = span * c->s.retry_jitter / 100 / 1000 * (int64_t)(draw(c) % 1000);
    c->pauses++;
    wait_for(c, WAITING, (span > after ? span : after) + jitter);
}

static void fail(struct core *c, const char *reason, int64_t after) { sca_report("fails", reason), pause(c, after); }
static void lose(struct core *c) { sca_report("loses", NULL), pause(c, 0); }
static int is_mine(struct core *c, long connection, enum state state) { return connection == c->connection && c->state == state; }

static void request(struct core *c) {
    unsigned char random[16], digest[20];
    char key[32], told[96], address[300], head[2048];
    for (int i = 0; i < 16; i++) random[i] = (unsigned char)(draw(c) >> 32);
    sca_base64(random, 16, key);
    snprintf(told, sizeof told, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(told, digest);
    sca_base64(digest, 20, c->accept);
    int is_default = c->s.port == (c->s.secure ? 443 : 80), is_v6 = strchr(c->s.host, ':') != NULL;
    int named = !strcmp(c->s.host_port, "always") || (!strcmp(c->s.host_port, "auto") && !is_default);
    int size = snprintf(address, sizeof address, is_v6 ? "[%s]" : "%s", c->s.host);
    if (named) snprintf(address + size, sizeof address - (size_t)size, ":%d", c->s.port);
    snprintf(head, sizeof head,
             "GET / HTTP/1.1\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nHost: %s\r\nOrigin: http%s://%s\r\n"
             "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: sci\r\n"
             "Sec-WebSocket-Version: 13\r\nx-vfi-pinpad-id%s: %s\r\n\r\n",
             address, c->s.secure ? "s" : "", address, key, c->s.header_space_before_colon ? " " : "", c->s.pinpad_id);
    wait_for(c, UPGRADING, c->s.upgrade_timeout);
    sca_request(c->connection, head);
}

static int same_word(const char *a, const char *b, size_t size) {
    for (size_t i = 0; i < size; i++)
        if ((a[i] | 0x20) != (b[i] | 0x20)) return 0;
    return 1;
}

static int is_named(const char *name, const char *wanted) { return strlen(name) == strlen(wanted) && same_word(name, wanted, strlen(wanted)); }

static int count_of(const struct sca_headers *h, const char *name, const char **value) {
    int count = 0;
    for (int i = 0; i < h->count; i++)
        if (is_named(h->names[i], name)) count++, *value = h->values[i];
    return count;
}

static int lists(const struct sca_headers *h, const char *name, const char *word) {
    for (int i = 0; i < h->count; i++) {
        if (!is_named(h->names[i], name)) continue;
        for (const char *p = h->values[i]; *p;) {
            p += strspn(p, " \t,");
            size_t size = strcspn(p, " \t,");
            if (size == strlen(word) && same_word(p, word, size)) return 1;
            p += size;
        }
    }
    return 0;
}

/* Why an answer is not acceptable (RFC 6455, section 4.1); NULL if it is. */
static const char *judge(struct core *c, int status, int version, const struct sca_headers *h) {
    static char reason[32];
    const char *value = "";
    if (status != 101) {
        snprintf(reason, sizeof reason, "http %d", status);
        return reason;
    }
    if (version != 1) return "handshake version";
    if (!lists(h, "upgrade", "websocket")) return "handshake upgrade";
    if (!lists(h, "connection", "upgrade")) return "handshake connection";
    if (count_of(h, "sec-websocket-accept", &value) != 1 || strcmp(value, c->accept)) return "handshake accept";
    if (count_of(h, "sec-websocket-extensions", &value)) return "handshake extension";
    int protocols = count_of(h, "sec-websocket-protocol", &value);
    if (!protocols) return c->s.subprotocol_required ? "handshake no-subprotocol" : NULL;
    return protocols == 1 && !strcmp(value, "sci") ? NULL : "handshake subprotocol";
}

/* ---- What happens. ---- */

static void on_init(void *core, const struct sca_settings *s) {
    struct core *c = (struct core *)core;
    memset(c, 0, sizeof *c);
    c->s = *s;
    c->chance = strtoull(s->seed + (strlen(s->seed) > 16 ? 16 : 0), NULL, 16) | 1;
}

static void on_configure(void *core, const struct sca_settings *s) { ((struct core *)core)->s = *s; }

static void on_start(void *core) {
    struct core *c = (struct core *)core;
    c->pauses = 0;
    wait_for(c, WAITING, c->s.boot_time);
}

static void leave(struct core *c, int code) {
    enum state was = c->state;
    c->state = OFF;
    if (was == UP && code) sca_close(c->connection, code);
    else if (was >= DIALLING) sca_drop(c->connection);
    if (was == UP) sca_report("loses", NULL);
}

static void on_stop(void *core) { leave((struct core *)core, 0); }
static void on_leave(void *core, int code) { leave((struct core *)core, code); }

static int64_t deadline(void *core) {
    struct core *c = (struct core *)core;
    if (c->state == OFF) return SCA_NEVER;
    if (c->state != UP) return c->deadline;
    return c->ping_due < c->pong_due ? c->ping_due : c->pong_due;
}

static void on_tick(void *core) {
    struct core *c = (struct core *)core;
    char payload[24];
    if (sca_now < deadline(c)) return;
    if (c->state == WAITING) {
        c->connection++;
        sca_report("attempts", NULL);
        sca_dial(c->connection, c->s.host, c->s.port, c->s.secure);
        wait_for(c, DIALLING, c->s.connect_timeout);
    } else if (c->state == DIALLING || c->state == UPGRADING) {
        sca_drop(c->connection);
        fail(c, "timeout", 0);
    } else if (c->state == UP && sca_now >= c->pong_due) {
        sca_close(c->connection, 1001);
        lose(c);
    } else if (c->state == UP) {
        snprintf(payload, sizeof payload, "%ld", ++c->pings);
        sca_ping(c->connection, payload);
        c->ping_next = sca_now + c->s.ping_interval * SECOND;
        c->ping_due = SCA_NEVER, c->pong_due = sca_now + c->s.pong_timeout;
    }
}

static void on_opened(void *core, long connection) {
    struct core *c = (struct core *)core;
    if (!is_mine(c, connection, DIALLING)) return;
    if (c->s.secure) wait_for(c, DIALLING, c->s.tls_timeout);
    else request(c);
}

static void on_secured(void *core, long connection) {
    struct core *c = (struct core *)core;
    if (is_mine(c, connection, DIALLING)) request(c);
}

static void on_answered(void *core, long connection, int status, int version, const struct sca_headers *headers) {
    struct core *c = (struct core *)core;
    const char *after = "", *why;
    if (!is_mine(c, connection, UPGRADING)) return;
    if ((why = judge(c, status, version, headers))) {
        int64_t span = 0;
        /* Only the form in seconds; a date counts as none. */
        if (count_of(headers, "retry-after", &after) && strspn(after, "0123456789") == strlen(after)) {
            span = strlen(after) > 9 ? c->s.retry_after_max : strtoll(after, NULL, 10) * SECOND;
            if (span > c->s.retry_after_max) span = c->s.retry_after_max;
        }
        sca_drop(connection);
        fail(c, why, span);
        return;
    }
    c->state = UP;
    c->ping_due = c->s.ping_interval ? sca_now + c->s.ping_interval * SECOND : SCA_NEVER;
    c->pong_due = SCA_NEVER;
    sca_open(connection);
    sca_report("connects", NULL);
}

static void on_failed(void *core, long connection, const char *reason) {
    struct core *c = (struct core *)core;
    if (is_mine(c, connection, UP)) lose(c);
    else if (is_mine(c, connection, DIALLING) || is_mine(c, connection, UPGRADING)) fail(c, reason, 0);
}

static void on_text(void *core, long connection, const char *text) {
    struct core *c = (struct core *)core;
    if (!is_mine(c, connection, UP)) return;
    c->pauses = 0;
    sca_received(connection, text);
}

static void on_binary(void *core, long connection) {
    if (is_mine((struct core *)core, connection, UP)) sca_received_binary(connection);
}

static void on_pong(void *core, long connection, const char *payload) {
    struct core *c = (struct core *)core;
    if (!is_mine(c, connection, UP) || c->pong_due == SCA_NEVER || atol(payload) != c->pings) return;
    c->pong_due = SCA_NEVER;
    c->ping_due = c->s.ping_interval ? (c->ping_next > sca_now ? c->ping_next : sca_now) : SCA_NEVER;
}

static void on_over(void *core, long connection) {
    if (is_mine((struct core *)core, connection, UP)) lose((struct core *)core);
}

static void on_violation(void *core, long connection, int code) {
    if (!is_mine((struct core *)core, connection, UP)) return;
    sca_close(connection, code);
    lose((struct core *)core);
}

static void on_send(void *core, const char *text) {
    struct core *c = (struct core *)core;
    if (c->state == UP) sca_text(c->connection, text);
}

#ifndef SCA_LEVEL_BYTES
int main(void) {
    static struct core core;
    static const struct sca_callbacks on = {
        on_init, on_configure, on_start, on_stop, on_leave,  on_tick, on_opened,    on_secured, on_answered,
        on_failed, on_text,    on_binary, on_pong, on_over, on_violation, on_over, on_send,    deadline,
        NULL,      NULL,       NULL,      NULL,
    };
    return sca_main(&on, &core, "c-sample", "1");
}
#endif
