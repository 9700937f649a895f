"""TLS of a broker that demands certificates of its terminals; none where it speaks ws."""

import ssl


def context(ca=None, cert=None, key=None):
    if not cert:
        return None
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    server.load_verify_locations(ca)
    server.verify_mode = ssl.CERT_REQUIRED
    return server
