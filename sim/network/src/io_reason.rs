//! The reason that an error of a stream amounts to.

use std::io;

use sca_protocol::Reason;

use crate::tls;

/// The reason for which a step of an attempt failed with this error: a failure of TLS, a time-out, `at_eof` where the
/// other side closed the connection, else a reset.
pub(crate) fn reason_of(error: &io::Error, at_eof: Reason) -> Reason {
    match (tls::failure(error), error.kind()) {
        (Some(failure), _) => Reason::Tls(failure),
        (None, io::ErrorKind::UnexpectedEof) => at_eof,
        (None, io::ErrorKind::TimedOut) => Reason::Timeout,
        (None, _) => Reason::Reset,
    }
}

#[cfg(test)]
mod tests {
    use rustls::Error;
    use sca_protocol::TlsFailure;

    use super::*;

    #[test]
    fn an_error_has_one_reason_wherever_it_occurs() {
        let eof = Reason::Tls(TlsFailure::Eof);
        let of = |kind: io::ErrorKind| reason_of(&kind.into(), eof);
        assert_eq!(of(io::ErrorKind::UnexpectedEof), eof);
        assert_eq!(of(io::ErrorKind::TimedOut), Reason::Timeout);
        assert_eq!(of(io::ErrorKind::BrokenPipe), Reason::Reset);
        let damaged = io::Error::new(io::ErrorKind::InvalidData, Error::DecryptError);
        assert_eq!(reason_of(&damaged, eof), Reason::Tls(TlsFailure::Corrupt));
    }
}
