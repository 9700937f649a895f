//! Real TCP sockets. This is the only place that opens one, and it listens on the address it is given and no other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use sca_protocol::Reason;
use sca_protocol::settings::KeepAlive;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;

use crate::events::Tag;
use crate::filter::deafen;
use crate::route::{Fate, Route};
use crate::stream::Stream;

/// Ports whose connections are on their way to a listener of the same world, with the tag of each.
type Expected = Rc<RefCell<BTreeMap<u16, Tag>>>;

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    expected: Expected,
    is_deaf: bool,
}

impl Listener {
    /// Listens on an address; port 0 takes any free one.
    ///
    /// # Errors
    /// What the system says.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A port that was just given up is taken again, as everywhere on Unix.
        socket.set_reuseaddr(cfg!(unix))?;
        socket.bind(address)?;
        Ok(Self { socket: socket.listen(BACKLOG)?, expected: Expected::default(), is_deaf: false })
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

/// A port that is kept and on which nobody listens.
#[derive(Debug)]
pub struct ShutListener {
    socket: TcpSocket,
    expected: Expected,
}

impl Listener {
    /// Stops listening and keeps the port: dials are refused, and open connections stay open.
    ///
    /// # Errors
    /// What the system says; the port is lost then.
    pub fn shut(self) -> io::Result<ShutListener> {
        let address = self.address()?;
        let Self { socket, expected, .. } = self;
        drop(socket);
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(ShutListener { socket, expected })
    }

    /// Hears nobody who dials from now on, or hears them again.
    ///
    /// # Errors
    /// What the system says.
    pub fn deafen(&mut self, deaf: bool) -> io::Result<()> {
        if std::mem::replace(&mut self.is_deaf, deaf) == deaf {
            return Ok(());
        }
        let socket = SockRef::from(&self.socket);
        if deaf { deafen(&socket) } else { socket.detach_filter() }
    }
}

impl ShutListener {
    /// Listens again.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(self) -> io::Result<Listener> {
        Ok(Listener { socket: self.socket.listen(BACKLOG)?, expected: self.expected, is_deaf: false })
    }
}

/// Connections that may wait to be taken.
const BACKLOG: u32 = 1_024;

/// Connects by sockets.
#[derive(Debug, Clone, Default)]
pub struct SocketDialer {
    /// Where every name leads, if not where the system's resolver says.
    to: Option<SocketAddr>,
    expected: Expected,
}

impl SocketDialer {
    pub(crate) async fn dial(&self, route: &Route, tag: Tag) -> Result<Stream, Reason> {
        let connected = match route.fate {
            Fate::Dns => return Err(Reason::Dns),
            Fate::Connect => self.in_turn(&self.addresses(route).await?, route, tag).await,
            Fate::FirstRefuses => match closed_port().await {
                Ok(first) => self.in_turn(&[&[first], &*self.addresses(route).await?].concat(), route, tag).await,
                Err(error) => Err(error),
            },
            Fate::FirstLost => match deaf_listener() {
                Ok((first, _deaf)) => {
                    self.in_turn(&[&[first], &*self.addresses(route).await?].concat(), route, tag).await
                }
                Err(error) => Err(error),
            },
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
            Ok(stream) => {
                // What the system does not take of it, it replaces by its own choice.
                drop(watch(&SockRef::from(&stream), route.keep_alive));
                Ok(Stream::Socket(stream))
            }
            Err(error) => Err(match error.kind() {
                io::ErrorKind::ConnectionRefused => Reason::Refused,
                io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    Reason::Timeout
                }
                _ => Reason::Reset,
            }),
        }
    }

    /// Every address of the broker, or of the proxy before it.
    async fn addresses(&self, route: &Route) -> Result<Vec<SocketAddr>, Reason> {
        if let Some(to) = self.to {
            return Ok(vec![to]);
        }
        let proxy = route.via.as_ref().map(|proxy| (proxy.host.as_str(), proxy.port));
        let (host, port) = proxy.unwrap_or((&route.host, route.port));
        let all: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(|_| Reason::Dns)?.collect();
        if all.is_empty() { Err(Reason::Dns) } else { Ok(all) }
    }

    /// One address after the other, until one answers. The last may take as long as the attempt.
    async fn in_turn(&self, all: &[SocketAddr], route: &Route, tag: Tag) -> io::Result<TcpStream> {
        let Some((last, others)) = all.split_last() else { return Err(io::ErrorKind::NotFound.into()) };
        for to in others {
            if let Ok(Ok(stream)) = timeout(route.address_timeout, self.connect(*to, tag)).await {
                return Ok(stream);
            }
        }
        self.connect(*last, tag).await
    }

    /// Connects from a port that the listener has been told to expect.
    async fn connect(&self, to: SocketAddr, tag: Tag) -> io::Result<TcpStream> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if self.to.is_some() {
            socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            self.expected.borrow_mut().insert(socket.local_addr()?.port(), tag);
        }
        let mut announced = Announced { expected: &self.expected, port: socket.local_addr().ok().map(|at| at.port()) };
        let stream = socket.connect(to).await?;
        announced.port = None;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Lets the system probe a connection that is idle.
fn watch(socket: &SockRef<'_>, how: KeepAlive) -> io::Result<()> {
    if how.enabled == 0 {
        return socket.set_keepalive(false);
    }
    let chosen = |seconds: u64| (seconds > 0).then(|| Duration::from_secs(seconds));
    let mut probes = TcpKeepalive::new();
    if let Some(idle) = chosen(how.idle) {
        probes = probes.with_time(idle);
    }
    if let Some(interval) = chosen(how.interval) {
        probes = probes.with_interval(interval);
    }
    if let Some(count) = u32::try_from(how.count).ok().filter(|count| *count > 0) {
        probes = probes.with_retries(count.min(PROBES_MAX));
    }
    socket.set_tcp_keepalive(&probes)
}

/// Probes that Linux counts to.
const PROBES_MAX: u32 = 127;

/// A port that a listener expects a connection from, until the attempt is over without one.
struct Announced<'a> {
    expected: &'a Expected,
    port: Option<u16>,
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        if let Some(port) = self.port {
            self.expected.borrow_mut().remove(&port);
        }
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
    deafen(&SockRef::from(&socket))?;
    let listener = socket.listen(1)?;
    Ok((listener.local_addr()?, listener))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the system has been told of a connection that was dialled so: whether it probes, idle seconds, the gap, how often.
    async fn told(keep_alive: KeepAlive) -> (bool, u64, u64, u32) {
        let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let port = listener.address().expect("an address").port();
        let route = Route { keep_alive, ..Route::direct("127.0.0.1".to_owned(), port) };
        let tag = Tag { terminal: 0, line: None, connection: 1 };
        let stream = SocketDialer::default().dial(&route, tag).await.expect("it connects");
        let Stream::Socket(stream) = stream else { panic!("a socket was dialled") };
        let socket = SockRef::from(&stream);
        let seconds = |time: io::Result<Duration>| time.expect("the system says it").as_secs();
        (
            socket.keepalive().expect("the system says it"),
            seconds(socket.tcp_keepalive_time()),
            seconds(socket.tcp_keepalive_interval()),
            socket.tcp_keepalive_retries().expect("the system says it"),
        )
    }

    #[tokio::test]
    async fn the_parameters_for_keep_alive_reach_the_socket() {
        let of_the_page = KeepAlive { enabled: 1, count: 5, idle: 45, interval: 1 };
        assert_eq!(told(of_the_page).await, (true, 45, 1, 5));
        assert_eq!(told(KeepAlive { enabled: 1, count: 9_999, idle: 10, interval: 3 }).await, (true, 10, 3, 127));
        let systems = told(KeepAlive::default()).await;
        assert!(!systems.0);
        assert_eq!(
            told(KeepAlive { enabled: 1, ..KeepAlive::default() }).await,
            (true, systems.1, systems.2, systems.3)
        );
    }
}
