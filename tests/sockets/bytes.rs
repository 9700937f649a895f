//! Tests of cuts at a byte, counted by peers that share no code with the harness: plain sockets and rustls that keep
//! what they receive. Cuts at every byte N: of the upgrade request and of an answer to a POS, counted at a raw
//! broker; of the upgrade answer and of a POS request, counted at a raw device; over ws and over TLS.

use crate::common;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rstest::rstest;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// Number of runs that go on in parallel, each with its part of the bytes.
const PARTS: usize = 8;

trait Line: Read + Write + Send {}
impl<T: Read + Write + Send> Line for T {}

/// Reads until the stream ends, by EOF or by an error.
fn read_all(line: &mut dyn Line, into: &mut Vec<u8>) {
    let mut chunk = [0; 4_096];
    loop {
        match line.read(&mut chunk) {
            Ok(0) => return,
            Ok(n) => into.extend_from_slice(&chunk[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

fn read_head(line: &mut dyn Line, into: &mut Vec<u8>) -> bool {
    let mut byte = [0];
    while !into.ends_with(b"\r\n\r\n") {
        match line.read(&mut byte) {
            Ok(1) => into.push(byte[0]),
            _ => return false,
        }
    }
    true
}

fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path).expect("it can be read").map(|one| one.expect("it is PEM")).collect()
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn broker_tls(certs: &Path) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from_pem_file(certs.join("broker.key")).expect("it can be read");
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.expect("the provider has them").with_no_client_auth();
    let config = config.with_single_cert(certificates(&certs.join("broker.pem")), key);
    let mut config = config.expect("key and certificate fit");
    // Session tickets written to a reset connection would hide what arrived before.
    config.send_tls13_tickets = 0;
    Arc::new(config)
}

fn device_tls(certs: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    certificates(&certs.join("authority.pem")).into_iter().for_each(|root| roots.add(root).expect("it is a root"));
    let key = PrivateKeyDer::from_pem_file(certs.join("terminal.key")).expect("it can be read");
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.expect("the provider has them").with_root_certificates(roots);
    Arc::new(config.with_client_auth_cert(certificates(&certs.join("terminal.pem")), key).expect("they fit"))
}

/// The bytes that terminals have sent, by pinpad id and connection.
type Received = Arc<(Mutex<BTreeMap<String, Vec<Vec<u8>>>>, Condvar)>;

/// A broker that forwards what POS send and keeps every byte that terminals send.
fn broker(tls: Option<Arc<ServerConfig>>) -> (u16, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let received = Received::default();
    let (kept, terminals) = (received.clone(), Arc::new(Mutex::new(BTreeMap::new())));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (tls, kept, terminals) = (tls.clone(), kept.clone(), terminals.clone());
            std::thread::spawn(move || {
                stream.set_nodelay(true).expect("a socket takes it");
                let raw = stream.try_clone().expect("a socket can be shared");
                let line: Box<dyn Line> = match tls {
                    Some(tls) => Box::new(StreamOwned::new(ServerConnection::new(tls).expect("it can begin"), stream)),
                    None => Box::new(stream),
                };
                attend(line, &raw, &kept, &terminals);
            });
        }
    });
    (port, received)
}

type Terminals = Arc<Mutex<BTreeMap<String, std::sync::mpsc::Sender<Vec<u8>>>>>;

/// Serves one connection of the broker: a terminal's or a POS's.
fn attend(mut line: Box<dyn Line>, raw: &TcpStream, kept: &Received, terminals: &Terminals) {
    let mut bytes = Vec::new();
    let is_whole = read_head(&mut line, &mut bytes);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let of = |name: &str| head.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let till = path.strip_prefix("/pos/").map(str::to_owned);
    let (sender, orders) = channel::<Vec<u8>>();
    if is_whole && till.is_none() {
        // A POS may send as soon as the terminal has its upgrade answer.
        terminals.lock().expect("nobody panics").insert(of("x-vfi-pinpad-id:"), sender);
    }
    if is_whole {
        let accept = sca_protocol::handshake::accept(&of("Sec-WebSocket-Key:"));
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: sci\r\n\r\n"
        );
        drop(line.write_all(answer.as_bytes()).and_then(|()| line.flush()));
    }
    match till {
        Some(pinpad) => {
            // A POS sends one short text frame: two header bytes, a mask, and the masked payload.
            let mut frame = [0; 2];
            while line.read_exact(&mut frame).is_ok() {
                let mut size = usize::from(frame[1] & 127);
                if size == 126 {
                    let mut long = [0; 2];
                    line.read_exact(&mut long).expect("a length follows");
                    size = usize::from(u16::from_be_bytes(long));
                }
                let mut mask = [0; 4];
                line.read_exact(&mut mask).expect("a mask follows");
                let mut text = vec![0; size];
                line.read_exact(&mut text).expect("a text follows");
                text.iter_mut().enumerate().for_each(|(at, byte)| *byte ^= mask[at % 4]);
                let mut out = vec![0x81, 126];
                out.extend_from_slice(&u16::try_from(size).expect("it is short").to_be_bytes());
                out.extend(text);
                if let Some(to) = terminals.lock().expect("nobody panics").get(&pinpad) {
                    drop(to.send(out));
                }
            }
        }
        None => {
            let pinpad = of("x-vfi-pinpad-id:");
            raw.set_read_timeout(Some(Duration::from_millis(5))).expect("a socket takes it");
            let mut chunk = [0; 4_096];
            loop {
                for order in orders.try_iter() {
                    drop(line.write_all(&order).and_then(|()| line.flush()));
                }
                match line.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(n) => bytes.extend_from_slice(&chunk[..n]),
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(_) => break,
                }
            }
            kept.0.lock().expect("nobody panics").entry(pinpad).or_default().push(bytes);
            kept.1.notify_all();
        }
    }
}

/// A device that dials, sends the upgrade request and keeps every byte it receives, again and again until told to stop.
fn device(port: u16, tls: Option<&Arc<ClientConfig>>, stop: &Receiver<()>) -> Vec<Vec<u8>> {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let request = format!(
        "GET / HTTP/1.1\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nHost: localhost:{port}\r\n\
         Origin: {scheme}://localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sci\r\n\
         Sec-WebSocket-Version: 13\r\nx-vfi-pinpad-id: 1\r\n\r\n"
    );
    let mut all = Vec::new();
    while stop.recv_timeout(Duration::from_millis(1)) == Err(RecvTimeoutError::Timeout) {
        let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else { continue };
        stream.set_nodelay(true).expect("a socket takes it");
        let mut line: Box<dyn Line> = match tls {
            Some(tls) => {
                let name = ServerName::try_from("localhost").expect("it is a name");
                let begun = ClientConnection::new(tls.clone(), name).expect("it can begin");
                Box::new(StreamOwned::new(begun, stream))
            }
            None => Box::new(stream),
        };
        let mut bytes = Vec::new();
        if line.write_all(request.as_bytes()).and_then(|()| line.flush()).is_ok() {
            read_all(&mut line, &mut bytes);
            all.push(bytes);
        }
    }
    all
}

fn played(folder: &Path, arguments: &[&str]) -> Output {
    common::run(folder, &[&["run", "--longest", "300"], arguments].concat())
}

/// Prints the output of a run that did not pass. A raw peer answers nothing, so a run without a fault cannot pass.
fn passes(steps: &str, output: &Output) {
    let is_cut = steps.contains("fault");
    assert!(!is_cut || output.status.success(), "{}{}", common::text(&output.stdout), common::text(&output.stderr));
}

fn certs(folder: &Path, secure: bool) -> std::path::PathBuf {
    if secure {
        assert!(common::run(folder, &["certs", "certs"]).status.success(), "certificates can be made");
    }
    folder.join("certs")
}

/// The cut positions within a message of this size, distributed over the parts.
fn parts(size: usize) -> Vec<Vec<usize>> {
    (0..PARTS).map(|part| (1..size).filter(|n| n % PARTS == part).collect()).collect()
}

fn listed(places: &[usize]) -> String {
    places.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// The bytes a raw broker has received, by terminal and connection.
fn sent_by_the_terminal(
    name: &str,
    secure: bool,
    steps: &str,
    places: &[Vec<usize>],
) -> BTreeMap<String, Vec<Vec<u8>>> {
    let folder = common::folder(&format!("bytes-{name}-{secure}"));
    let certs = certs(&folder, secure);
    let (port, received) = broker(secure.then(|| broker_tls(&certs)));
    let scheme = if secure { "wss" } else { "ws" };
    let (url, pos) = (format!("{scheme}://localhost:{port}"), format!("{scheme}://localhost:{port}/pos/{{pinpad}}"));
    std::thread::scope(|scope| {
        for (part, places) in places.iter().enumerate() {
            let (folder, url, pos) = (&folder, &url, &pos);
            scope.spawn(move || {
                let file = format!("part-{part}.sca");
                let head = format!("scenario \"{name}\"\neach     n in [{}]\n\n", listed(places));
                let settings = format!("terminal\n  pinpad-id {part}\n  boot-time 0ms\n\n");
                common::file(folder, &file, &format!("{head}{settings}{steps}"));
                let mut arguments = vec!["--broker", url, "--pos", pos];
                if secure {
                    arguments.extend(["--ca", "certs/authority.pem", "--cert", "certs/terminal.pem"]);
                    arguments.extend(["--key", "certs/terminal.key"]);
                }
                passes(steps, &played(folder, &[&arguments[..], &[&file]].concat()));
            });
        }
    });
    // The bytes of a connection are kept once its thread has seen its end.
    let wanted = places.iter().map(Vec::len).sum::<usize>();
    let (kept, changed) = &*received;
    let is_short = |all: &mut BTreeMap<String, Vec<Vec<u8>>>| all.values().map(Vec::len).sum::<usize>() < wanted;
    let kept = kept.lock().expect("nobody panics");
    let (kept, _) = changed.wait_timeout_while(kept, Duration::from_secs(10), is_short).expect("nobody panics");
    kept.clone()
}

/// The text in a masked frame, as far as it has been received.
fn unmasked(frame: &[u8]) -> Vec<u8> {
    let Some(mask) = frame.get(4..8) else { return Vec::new() };
    frame[8..].iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]).collect()
}

#[rstest]
#[case::over_ws(false)]
#[case::over_tls(true)]
fn of_an_answer_and_of_a_request_for_the_upgrade_so_many_bytes_arrive(#[case] secure: bool) {
    let ask = "pos -> terminal  ADMIN GET_COUNTER  as ask\n";
    // The complete messages, as the reference for the cuts.
    let steps = format!("terminal connects\nwithout terminal loses\n  {ask}  wait {{{{n}}}}ms\n");
    let whole = sent_by_the_terminal("whole", secure, &steps, &[vec![300]]);
    let whole = &whole["0"][0];
    let request = whole.windows(4).position(|four| four == b"\r\n\r\n").expect("a request came") + 4;
    let frame = &whole[request..];
    let text = unmasked(frame);
    assert!(text.starts_with(b"<RESPONSE>") && text.ends_with(b"</RESPONSE>"), "{}", common::text(&text));

    let steps =
        format!("terminal connects\nfault reset after {{{{n}}}} bytes of reply to ask\n{ask}terminal loses\nend\n");
    let places = parts(frame.len());
    let cut = sent_by_the_terminal("reply", secure, &steps, &places);
    for (part, places) in places.iter().enumerate() {
        // Every connection has its own thread, so their ends may be seen in another order.
        let mut received = cut[&part.to_string()].clone();
        received.sort_by_key(Vec::len);
        assert_eq!(places.len(), received.len(), "one connection for each place");
        for (n, bytes) in places.iter().zip(&received) {
            assert_eq!(bytes.len() - request, *n, "of {} bytes of the answer", frame.len());
            assert!(text.starts_with(&unmasked(&bytes[request..])), "{n}: other bytes");
        }
    }

    let steps = "fault reset after {{n}} bytes of request\nterminal fails reset\nend\n";
    let cut = sent_by_the_terminal("request", secure, steps, &parts(request));
    // A request that was cut short may lack the pinpad id.
    let mut all: Vec<&Vec<u8>> = cut.values().flatten().collect();
    all.sort_by_key(|bytes| bytes.len());
    let lengths: Vec<usize> = all.iter().map(|bytes| bytes.len()).collect();
    assert_eq!(lengths, (1..request).collect::<Vec<_>>(), "one connection for each place");
    let host = whole.windows(6).position(|six| six == b"Host: ").expect("it names its host");
    for bytes in all {
        let n = bytes.len().min(host);
        assert_eq!(bytes[..n], whole[..n], "other bytes");
    }
}

/// The bytes a raw device has received, from all connections of all parts.
fn sent_to_the_device(name: &str, secure: bool, steps: &str, places: &[Vec<usize>]) -> Vec<Vec<u8>> {
    let folder = common::folder(&format!("bytes-{name}-{secure}"));
    let certs = certs(&folder, secure);
    let tls = secure.then(|| device_tls(&certs));
    let received = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (part, places) in places.iter().enumerate() {
            let (folder, received, tls) = (&folder, &received, tls.clone());
            scope.spawn(move || {
                let file = format!("part-{part}.sca");
                let url = if secure { "wss" } else { "ws" };
                let head = format!("scenario \"{name}\"\neach     n in [{}]\n\n", listed(places));
                common::file(folder, &file, &format!("{head}broker\n  url {url}://broker.test:80\n\n{steps}"));
                let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
                let port = probe.local_addr().expect("an address").port();
                drop(probe);
                let (stop, stopped) = channel();
                std::thread::scope(|inner| {
                    let dials = inner.spawn(move || device(port, tls.as_ref(), &stopped));
                    let listen = format!("127.0.0.1:{port}");
                    let mut arguments = vec!["--terminal", "external", "--listen", &listen, "--second-thoughts", "20"];
                    if secure {
                        arguments.extend(["--ca", "certs/authority.pem", "--cert", "certs/broker.pem"]);
                        arguments.extend(["--key", "certs/broker.key"]);
                    }
                    let output = played(folder, &[&arguments[..], &[&file]].concat());
                    drop(stop);
                    passes(steps, &output);
                    received.lock().expect("nobody panics").extend(dials.join().expect("it does not panic"));
                });
            });
        }
    });
    received.into_inner().expect("nobody panics")
}

#[rstest]
#[case::over_ws(false)]
#[case::over_tls(true)]
fn of_the_answer_to_the_upgrade_and_of_a_request_so_many_bytes_leave(#[case] secure: bool) {
    let ask = "pos -> terminal  ADMIN GET_COUNTER  as ask\n";
    let steps = format!("terminal connects\n{ask}wait {{{{n}}}}ms\nend\n");
    let whole = sent_to_the_device("left-whole", secure, &steps, &[vec![300]]);
    let whole = whole.iter().max_by_key(|bytes| bytes.len()).expect("it came");
    let answer = whole.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer came") + 4;
    assert!(whole.ends_with(b"</TRANSACTION>"), "{}", common::text(whole));
    let begins = |bytes: &&Vec<u8>| whole.starts_with(bytes);

    let steps = "fault reset after {{n}} bytes of answer\nterminal fails reset\nend\n";
    let all = sent_to_the_device("left-answer", secure, steps, &parts(answer));
    assert_eq!(all.iter().filter(|bytes| !begins(bytes)).count(), 0, "other bytes");
    let counts = |n: usize| all.iter().filter(|bytes| bytes.len() == n).count();
    let missing: Vec<usize> = (1..answer).filter(|n| counts(*n) != 1).collect();
    assert_eq!(missing, Vec::<usize>::new(), "not received, of {answer} bytes of the answer");

    let steps = format!("terminal connects\nfault reset after {{{{n}}}} bytes of ask\n{ask}terminal loses\nend\n");
    let all = sent_to_the_device("left-request", secure, &steps, &parts(whole.len() - answer));
    assert_eq!(all.iter().filter(|bytes| !begins(bytes)).count(), 0, "other bytes");
    let counts = |n: usize| all.iter().filter(|bytes| bytes.len() == answer + n).count();
    let missing: Vec<usize> = (1..whole.len() - answer).filter(|n| counts(*n) != 1).collect();
    assert_eq!(missing, Vec::<usize>::new(), "not received, of {} bytes of the request", whole.len() - answer);
}
