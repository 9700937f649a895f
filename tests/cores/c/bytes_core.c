/* A client core in C with a TLS and a WebSocket of its own: OpenSSL between two memory buffers, and wslay.
 *
 *     cc -O2 -o bytes_core bytes_core.c -lwslay -lssl -lcrypto
 *     sca-sim run scenarios --core ./bytes_core --core-level bytes
 *
 * When it dials, pauses and gives up, and how it judges the answer to the upgrade, is that of client_core.c: here is the
 * transport below it, which at level `documents` is the harness's. Debian has both libraries: libwslay-dev, libssl-dev. */
#define SCA_LEVEL_BYTES
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sys/types.h>
#include <wslay/wslay.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "sca_core.h"

/* The orders of client_core.c that this transport carries out. */
static void sca_request(long connection, const char *head);
static void sca_open(long connection);
static void sca_text(long connection, const char *text);
static void sca_ping(long connection, const char *payload);
static void sca_drop(long connection);
static void sca_close(long connection, int code);

#include "client_core.c"

#define HEAD_MAX 16384

static struct {
    void *core;
    SSL_CTX *context; /* made of `material`, and used again while that stays the same */
    char *material;
    SSL_SESSION *session;
    SSL *ssl;
    BIO *in, *out;
    wslay_event_context_ptr ws;
    int is_connected, is_open;
    struct sca_buffer head;  /* the answer to the upgrade, until it is whole */
    struct sca_buffer plain; /* what WebSocket has to read, from `read` on */
    size_t read;
    char reason[64];
} t;

/* ---- What became of TLS, as scenarios have it. ---- */

static const char *of_certificate(long error) {
    switch (error) {
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return "bad-signature";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "not-yet-valid";
    case X509_V_ERR_CERT_HAS_EXPIRED: return "expired";
    case X509_V_ERR_UNABLE_TO_GET_CRL: case X509_V_ERR_CRL_HAS_EXPIRED: return "unknown-revocation";
    case X509_V_ERR_CERT_REVOKED: return "revoked";
    case X509_V_ERR_CERT_CHAIN_TOO_LONG: case X509_V_ERR_PATH_LENGTH_EXCEEDED: return "long-chain";
    case X509_V_ERR_INVALID_PURPOSE: return "wrong-usage";
    case X509_V_ERR_PERMITTED_VIOLATION: case X509_V_ERR_EXCLUDED_VIOLATION: return "name-constraints";
    case X509_V_ERR_HOSTNAME_MISMATCH: case X509_V_ERR_IP_ADDRESS_MISMATCH: return "wrong-name";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return "unknown-authority";
    default: return "other";
    }
}

static const char *of_tls(int error) {
    switch (error) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return "alert-certificate-required";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return "alert-certificate-expired";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED: return "alert-certificate-revoked";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA: return "alert-unknown-ca";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE: return "alert-bad-certificate";
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: return "alert-unsupported-certificate";
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR: return "alert-decrypt-error";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE: return "alert-handshake-failure";
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return "alert-protocol-version";
    case SSL_R_UNSUPPORTED_PROTOCOL: return "version";
    case SSL_R_WRONG_VERSION_NUMBER: return "garbage";
    case SSL_R_BAD_SIGNATURE: return "bad-signature";
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: return "corrupt";
    default: return error > SSL_AD_REASON_OFFSET ? "alert-other" : "other";
    }
}

static const char *why_tls_failed(void) {
    int error = ERR_GET_REASON(ERR_peek_error());
    long of = SSL_get_verify_result(t.ssl);
    const char *word = error == SSL_R_CERTIFICATE_VERIFY_FAILED ? of_certificate(of) : of_tls(error);
    snprintf(t.reason, sizeof t.reason, "tls %s", word);
    ERR_clear_error();
    return t.reason;
}

/* ---- What TLS is made with. ---- */

static BIO *pem(const char *text) { return BIO_new_mem_buf(text, -1); }

static int add_all(X509_STORE *store, const char *roots, const char *lists) {
    X509 *root;
    X509_CRL *list;
    for (BIO *from = pem(roots); (root = PEM_read_bio_X509(from, NULL, NULL, NULL)) || (BIO_free(from), 0); X509_free(root))
        X509_STORE_add_cert(store, root);
    for (BIO *from = pem(lists); (list = PEM_read_bio_X509_CRL(from, NULL, NULL, NULL)) || (BIO_free(from), 0); X509_CRL_free(list))
        X509_STORE_add_crl(store, list);
    ERR_clear_error();
    return *lists ? X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL : 0;
}

/* Loads the certificate to present, with its chain and key. Whether OpenSSL takes them. */
static int present(SSL_CTX *context, const struct sca_tls *tls) {
    BIO *from = pem(tls->certificate), *of_key = pem(tls->key);
    X509 *leaf = PEM_read_bio_X509(from, NULL, NULL, NULL), *above;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(of_key, NULL, NULL, NULL);
    int good = leaf && key && SSL_CTX_use_certificate(context, leaf) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
    while (good && (above = PEM_read_bio_X509(from, NULL, NULL, NULL))) SSL_CTX_add_extra_chain_cert(context, above);
    X509_free(leaf), EVP_PKEY_free(key), BIO_free(from), BIO_free(of_key);
    ERR_clear_error();
    return good;
}

static int keep_session(SSL *ssl, SSL_SESSION *session) {
    (void)ssl;
    SSL_SESSION_free(t.session);
    t.session = session;
    return 1;
}

/* Makes the context anew if what it is made with has changed. Whether it could be made. */
static int prepare(const struct sca_tls *tls) {
    struct sca_buffer all = {0};
    const char *texts[] = {tls->roots, tls->revocation_lists, tls->certificate, tls->key, tls->versions, tls->groups};
    for (int i = 0; i < 6; i++) sca_puts(&all, texts[i]), sca_puts(&all, "|");
    if (t.material && !strcmp(t.material, all.bytes)) return free(all.bytes), 1;
    free(t.material), SSL_CTX_free(t.context), SSL_SESSION_free(t.session);
    t.material = NULL, t.session = NULL, t.context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(t.context, SSL_VERIFY_PEER, NULL);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(t.context),
                                (unsigned long)add_all(SSL_CTX_get_cert_store(t.context), tls->roots, tls->revocation_lists));
    int version = !strcmp(tls->versions, "1.2") ? TLS1_2_VERSION : !strcmp(tls->versions, "1.3") ? TLS1_3_VERSION : 0;
    SSL_CTX_set_min_proto_version(t.context, version ? version : TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(t.context, version);
    SSL_CTX_set_session_cache_mode(t.context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(t.context, keep_session);
    int good = !strcmp(tls->groups, "all") || SSL_CTX_set1_groups_list(t.context, tls->groups) == 1;
    if (!good) sca_unsupported("this group: OpenSSL does not know it");
    if (good && *tls->certificate && !present(t.context, tls)) {
        sca_unsupported("this certificate with this key: OpenSSL does not load it");
        good = 0;
    }
    ERR_clear_error();
    if (good) t.material = all.bytes;
    else free(all.bytes);
    return good;
}

/* ---- Bytes for the broker. ---- */

static void flush(long connection) {
    char *bytes;
    long size = t.ssl ? BIO_get_mem_data(t.out, &bytes) : 0;
    if (size <= 0) return;
    sca_bytes(connection, (const unsigned char *)bytes, (size_t)size);
    (void)BIO_reset(t.out);
}

static void put(long connection, const unsigned char *plain, size_t size) {
    if (!size) return;
    if (!t.ssl) {
        sca_bytes(connection, plain, size);
        return;
    }
    SSL_write(t.ssl, plain, (int)size);
    flush(connection);
}

/* What this side ends it also reports; a connection that was never made is given up by a reset. */
static void leave_connection(long connection) {
    if (t.is_connected) sca_end(connection);
    else sca_reset(connection);
    t.is_connected = t.is_open = 0;
}

static void fails(long connection, const char *reason) {
    leave_connection(connection);
    on_failed(t.core, connection, reason);
}

/* ---- WebSocket. ---- */

static long current(void) { return ((struct core *)t.core)->connection; }

static ssize_t read_plain(wslay_event_context_ptr ws, uint8_t *to, size_t room, int flags, void *user) {
    (void)flags, (void)user;
    size_t left = t.plain.size - t.read;
    if (!left) return wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK), -1;
    if (left < room) room = left;
    memcpy(to, t.plain.bytes + t.read, room);
    t.read += room;
    return (ssize_t)room;
}

static ssize_t write_plain(wslay_event_context_ptr ws, const uint8_t *bytes, size_t size, int flags, void *user) {
    (void)ws, (void)flags, (void)user;
    put(current(), bytes, size);
    return (ssize_t)size;
}

static int mask(wslay_event_context_ptr ws, uint8_t *to, size_t size, void *user) {
    (void)ws, (void)user;
    for (size_t i = 0; i < size; i++) to[i] = (uint8_t)(draw((struct core *)t.core) >> 32);
    return 0;
}

static void message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *it, void *user) {
    (void)ws, (void)user;
    struct sca_buffer text = {0};
    sca_put(&text, (const char *)it->msg, it->msg_length);
    if (it->opcode == WSLAY_TEXT_FRAME) on_text(t.core, current(), text.bytes);
    else if (it->opcode == WSLAY_BINARY_FRAME) on_binary(t.core, current());
    else if (it->opcode == WSLAY_PONG) on_pong(t.core, current(), text.bytes);
    free(text.bytes);
}

static void sca_request(long connection, const char *head) {
    put(connection, (const unsigned char *)head, strlen(head));
    t.head.size = 0;
}

static void sca_open(long connection) {
    static const struct wslay_event_callbacks on = {read_plain, write_plain, mask, NULL, NULL, NULL, message};
    (void)connection;
    wslay_event_context_client_init(&t.ws, &on, NULL);
    wslay_event_config_set_max_recv_msg_length(t.ws, (uint64_t)((struct core *)t.core)->s.message_size_max);
    t.is_open = 1;
}

static void queue(enum wslay_opcode opcode, const char *text) {
    struct wslay_event_msg it = {(uint8_t)opcode, (const uint8_t *)text, strlen(text)};
    if (!t.is_open) return;
    wslay_event_queue_msg(t.ws, &it);
    wslay_event_send(t.ws);
}

static void sca_text(long connection, const char *text) { (void)connection, queue(WSLAY_TEXT_FRAME, text); }
static void sca_ping(long connection, const char *payload) { (void)connection, queue(WSLAY_PING, payload); }
static void sca_drop(long connection) { leave_connection(connection); }

static void sca_close(long connection, int code) {
    if (t.is_open) {
        wslay_event_queue_close(t.ws, (uint16_t)code, NULL, 0);
        wslay_event_send(t.ws);
    }
    leave_connection(connection);
}

/* Reads frames. wslay stops reading after a close, and after what breaks the protocol, which it answers. */
static void read_frames(long connection) {
    wslay_event_recv(t.ws);
    wslay_event_send(t.ws);
    if (wslay_event_get_read_enabled(t.ws) && !wslay_event_get_close_received(t.ws)) return;
    leave_connection(connection);
    on_over(t.core, connection);
}

/* ---- The answer to the upgrade. ---- */

/* Reads a head, which ends in an empty line: the status, the minor version, and the headers. Why it is none; NULL if it is. */
static const char *parse(char *head, int *status, int *version, struct sca_headers *headers) {
    char *line = strstr(head, "\r\n");
    if (sscanf(head, "HTTP/1.%1d %3d", version, status) != 2 || head[8] != ' ' || (head[12] != ' ' && head[12] != '\r'))
        return "handshake garbage";
    for (line += 2; strncmp(line, "\r\n", 2); line = strstr(line, "\r\n") + 2) {
        char *end = strstr(line, "\r\n"), *colon = (char *)memchr(line, ':', (size_t)(end - line));
        if (!colon || colon == line || memchr(line, ' ', (size_t)(colon - line))) return "handshake garbage";
        if (headers->count == 64) return "handshake oversized";
        char *value = colon + 1 + strspn(colon + 1, " \t"), *last = end;
        while (last > value && (last[-1] == ' ' || last[-1] == '\t')) last--;
        headers->names[headers->count] = strndup(line, (size_t)(colon - line));
        headers->values[headers->count++] = last > value ? strndup(value, (size_t)(last - value)) : strdup("");
    }
    return NULL;
}

static void read_answer(long connection) {
    struct sca_headers headers = {0};
    int status = 0, version = 0;
    sca_put(&t.head, t.plain.bytes + t.read, t.plain.size - t.read);
    t.read = t.plain.size;
    char *end = strstr(t.head.bytes, "\r\n\r\n");
    size_t begin = t.head.size < 7 ? t.head.size : 7;
    if (memcmp(t.head.bytes, "HTTP/1.", begin)) {
        fails(connection, memcmp(t.head.bytes, "HTTP/", begin < 5 ? begin : 5) ? "handshake garbage" : "handshake version");
    } else if (!end && t.head.size > HEAD_MAX) {
        fails(connection, "handshake oversized");
    } else if (end) {
        size_t size = (size_t)(end + 4 - t.head.bytes);
        t.read -= t.head.size - size; /* what follows the head are frames */
        const char *why = parse(t.head.bytes, &status, &version, &headers);
        if (why) fails(connection, why);
        else on_answered(t.core, connection, status, version, &headers);
        for (int i = 0; i < headers.count; i++) free(headers.names[i]), free(headers.values[i]);
    }
}

/* ---- What happens on a connection. ---- */

static void forget(void) {
    /* OpenSSL does not resume the session of a connection that was cut, unless it believes it was shut down. */
    if (t.ssl) SSL_set_shutdown(t.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t.ssl);
    wslay_event_context_free(t.ws);
    t.ssl = NULL, t.ws = NULL, t.is_connected = t.is_open = 0;
    t.head.size = t.plain.size = t.read = 0;
}

static void start_tls(long connection, const char *host) {
    unsigned char address[16];
    int is_v4 = inet_pton(AF_INET, host, address) == 1, is_v6 = !is_v4 && inet_pton(AF_INET6, host, address) == 1;
    t.ssl = SSL_new(t.context), t.in = BIO_new(BIO_s_mem()), t.out = BIO_new(BIO_s_mem());
    SSL_set_bio(t.ssl, t.in, t.out);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(t.ssl), (time_t)sca_wall);
    if (is_v4 || is_v6) X509_VERIFY_PARAM_set1_ip(SSL_get0_param(t.ssl), address, is_v4 ? 4 : 16);
    else SSL_set1_host(t.ssl, host), SSL_set_tlsext_host_name(t.ssl, host);
    if (t.session) SSL_set_session(t.ssl, t.session);
    SSL_set_connect_state(t.ssl);
    SSL_do_handshake(t.ssl);
    flush(connection);
}

static void on_reached(void *core, long connection, const struct sca_tls *tls) {
    struct core *c = (struct core *)core;
    if (!is_mine(c, connection, DIALLING)) return;
    forget();
    t.is_connected = 1;
    if (tls && !prepare(tls)) return;
    if (tls && !tls->resumption) SSL_SESSION_free(t.session), t.session = NULL;
    on_opened(core, connection);
    if (tls) start_tls(connection, c->s.host);
}

/* Goes on with TLS. Whether there is plaintext to read. */
static int decrypt(long connection, const unsigned char *bytes, size_t size) {
    unsigned char plain[16384];
    int got, was_complete = SSL_is_init_finished(t.ssl);
    BIO_write(t.in, bytes, (int)size);
    if (!was_complete) {
        int done = SSL_do_handshake(t.ssl), error = done == 1 ? 0 : SSL_get_error(t.ssl, done);
        flush(connection);
        if (error && error != SSL_ERROR_WANT_READ) return fails(connection, why_tls_failed()), 0;
        if (error) return 0;
        on_secured(t.core, connection);
    }
    while ((got = SSL_read(t.ssl, plain, sizeof plain)) > 0) sca_put(&t.plain, (char *)plain, (size_t)got);
    int error = SSL_get_error(t.ssl, got);
    flush(connection);
    if (error == SSL_ERROR_SSL) fails(connection, why_tls_failed());
    return t.is_connected && t.plain.size > t.read;
}

static void on_bytes(void *core, long connection, const unsigned char *bytes, size_t size) {
    struct core *c = (struct core *)core;
    if (connection != c->connection || !t.is_connected || c->state < DIALLING) return;
    if (t.read == t.plain.size) t.read = t.plain.size = 0;
    if (!t.ssl) sca_put(&t.plain, (const char *)bytes, size);
    else if (!decrypt(connection, bytes, size)) return;
    if (c->state == UPGRADING) read_answer(connection);
    if (c->state == UP && t.is_open && t.plain.size > t.read) read_frames(connection);
}

static void on_ended(void *core, long connection) {
    struct core *c = (struct core *)core;
    if (connection != c->connection || !t.is_connected || c->state < DIALLING) return;
    fails(connection, c->state == UPGRADING ? "handshake truncated" : t.ssl ? "tls eof" : "reset");
}

static void on_reset(void *core, long connection) {
    t.is_connected = t.is_open = 0;
    on_failed(core, connection, "reset");
}

static void on_new_world(void *core, const struct sca_settings *settings) {
    t.core = core;
    forget();
    SSL_SESSION_free(t.session), t.session = NULL;
    on_init(core, settings);
}

int main(void) {
    static struct core core;
    static struct sca_callbacks on;
    on.init = on_new_world, on.configure = on_configure, on.start = on_start, on.stop = on_stop, on.leave = on_leave;
    on.tick = on_tick, on.failed = on_failed, on.send = on_send, on.deadline = deadline;
    on.reached = on_reached, on.bytes = on_bytes, on.ended = on_ended, on.reset = on_reset;
    return sca_main(&on, &core, "wslay", "1");
}
