//! Real TCP sockets. This is the only place that opens one, and it listens on the address it is given and no other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use sca_protocol::Reason;
use socket2::{SockFilter, SockRef};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

use crate::post::Tag;
use crate::{Fate, Stream};

/// Ports whose connections are on their way to a listener of the same world, with the tag of each.
type Expected = Rc<RefCell<BTreeMap<u16, Tag>>>;

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    expected: Expected,
}

impl Listener {
    /// Listens on an address; port 0 takes any free one.
    ///
    /// # Errors
    /// What the system says.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self { socket, expected: Expected::default() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// A dialer whose every connection goes to this listener, whatever name it is for.
    ///
    /// # Errors
    /// What the system says.
    pub fn dialer(&self) -> io::Result<SocketDialer> {
        Ok(SocketDialer { to: Some(self.address()?), expected: self.expected.clone() })
    }

    /// The next connection, with its tag if it comes from a dialer of this listener. After an error the accept loop
    /// should pause: an error that lasts would make it spin.
    ///
    /// # Errors
    /// What the system says.
    pub async fn accept(&self) -> io::Result<(Stream, SocketAddr, Option<Tag>)> {
        let (stream, from) = self.socket.accept().await?;
        stream.set_nodelay(true)?;
        let tag = self.expected.borrow_mut().remove(&from.port());
        Ok((Stream::Socket(stream), from, tag))
    }
}

/// Connects by sockets.
#[derive(Debug, Clone, Default)]
pub struct SocketDialer {
    /// Where every name leads, if not where the system's resolver says.
    to: Option<SocketAddr>,
    expected: Expected,
}

impl SocketDialer {
    pub(crate) async fn dial(&self, host: &str, port: u16, fate: Fate, tag: Tag) -> Result<Stream, Reason> {
        let connected = match fate {
            Fate::Dns => return Err(Reason::Dns),
            Fate::Connect => {
                let all: Vec<SocketAddr> = match self.to {
                    Some(to) => vec![to],
                    None => lookup_host((host, port)).await.map_err(|_| Reason::Dns)?.collect(),
                };
                let mut last = Err(io::ErrorKind::NotFound.into());
                for to in &all {
                    last = self.connect(*to, tag).await;
                    if last.is_ok() {
                        break;
                    }
                }
                if all.is_empty() {
                    return Err(Reason::Dns);
                }
                last
            }
            Fate::Refuse => match closed_port().await {
                Ok(to) => TcpStream::connect(to).await,
                Err(error) => Err(error),
            },
            Fate::Lost => match deaf_listener() {
                Ok((to, _deaf)) => TcpStream::connect(to).await,
                Err(error) => Err(error),
            },
        };
        match connected {
            Ok(stream) => Ok(Stream::Socket(stream)),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::ConnectionRefused => Reason::Refused,
                io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    Reason::Timeout
                }
                _ => Reason::Reset,
            }),
        }
    }

    /// Connects from a port that the listener has been told to expect.
    async fn connect(&self, to: SocketAddr, tag: Tag) -> io::Result<TcpStream> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if self.to.is_some() {
            socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            self.expected.borrow_mut().insert(socket.local_addr()?.port(), tag);
        }
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// An address on which nobody listens: one that was free a moment ago.
async fn closed_port() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()
}

/// A listener that hears no SYN: a filter throws every packet away.
fn deaf_listener() -> io::Result<(SocketAddr, TcpListener)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    // The classic program `ret 0`: accept no byte of any packet.
    SockRef::from(&socket).attach_filter(&[SockFilter::new(0x06, 0, 0, 0)])?;
    let listener = socket.listen(1)?;
    Ok((listener.local_addr()?, listener))
}
