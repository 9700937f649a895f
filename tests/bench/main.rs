//! Benchmarks, each beside its lower bound in the same run: whole scenarios in memory, over ws and over TLS with
//! certificates on both sides; the same on real sockets; a recorder against the direct connection; client cores in other
//! processes against ours; start-up; and the cost of bare handshakes and upgrades.

#[path = "../common/mod.rs"]
mod common;
mod cores;
mod record;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use sca_certs::{KeyKind, Role};
use sca_environment::Identities;
use sca_judge::Verdict;
use sca_model::{Certificate, Scenario};
use sca_network::tls;
use sca_network::tls::{Demand, Trust};
use sca_protocol::handshake::{Head, Upgrade};
use sca_protocol::xml::Limits;
use sca_protocol::{Request, UnixTime, handshake};
use sca_terminal::simulated;
use sca_world::{Options, Place, play};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOW: UnixTime = UnixTime(1_768_467_600);

/// Two connections, three requests with answers, a close, a pause and a reconnect.
fn scenario(url: &str) -> Scenario {
    let text = format!(
        "scenario \"bench\"\n\nbroker\n  url {url}\n\nterminal connects\n\
         pos -> terminal  SESSION START INVOICE=1  as start\nterminal -> pos  RESULT=OK  re start\n\
         pos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  COUNTER=1  re ask\n\
         broker -> terminal close 1000\nterminal connects\n\
         pos -> terminal  SECONDARYPORT STATUS  as status\nterminal -> pos  RESULT=OK  re status\n"
    );
    sca_scenario::parse(&text).expect("the scenario is valid")
}

fn plays(scenario: &Scenario, options: &Options, identities: &Arc<Identities>) {
    let played = play(scenario, options, identities, &simulated);
    assert!(matches!(played[0].verdict, Verdict::Pass), "{:?}", played[0].verdict);
    black_box(played);
}

/// A TLS handshake over a pipe with certificates on both sides, and its setup: the minimum cost of every scenario
/// with TLS.
struct Handshake<'a> {
    identities: &'a Identities,
    runtime: tokio::runtime::Runtime,
}

impl<'a> Handshake<'a> {
    fn new(identities: &'a Identities) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be built");
        Self { identities, runtime }
    }

    /// Sets both sides up once, then does this many handshakes.
    fn shake(&self, times: usize) {
        let plain = Certificate::default();
        let trust = |role, name| Trust {
            trusted: self.identities.trusted("authority", None).expect("the authority can be used"),
            shown: self.identities.shown(role, &plain, name, NOW).expect("an identity can be made"),
            resumption: false,
            versions: "both".to_owned(),
            groups: "all".to_owned(),
        };
        let clock = || Arc::new(tls::Clock(|| NOW.0));
        let client = tls::client(&trust(Role::Terminal, "1"), clock(), None).expect("the client is set up");
        let server = tls::server(&trust(Role::Broker, "broker.test"), clock(), Demand::Required);
        let server = server.expect("the server is set up");
        for _ in 0..times {
            self.one(&client, &server);
        }
    }

    fn one(&self, client: &Arc<tls::ClientTls>, server: &Arc<tls::ServerTls>) {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        self.runtime.block_on(async {
            let name = "broker.test".to_owned();
            let (client, server) =
                tokio::join!(tls::connect(client.clone(), name, ours), tls::accept(server.clone(), theirs));
            black_box((client.expect("the client is content"), server.expect("the server is content")));
        });
    }
}

/// The upgrade on both sides, without a network.
fn upgrade() {
    let upgrade = Upgrade {
        path: "/".to_owned(),
        host: "broker.test".to_owned(),
        secure: false,
        key: handshake::key([7; 16]),
        pinpad_id: "1".to_owned(),
        space_before_colon: false,
    };
    let (head, _) = Head::parse_request(&upgrade.to_bytes()).expect("it can be read").expect("it is whole");
    let accept = handshake::accept(head.get("Sec-WebSocket-Key").expect("it has a key"));
    let answer = format!(
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    let (head, _) = Head::parse_response(answer.as_bytes()).expect("it can be read").expect("it is whole");
    handshake::judge(&head, &upgrade.key, false).expect("it opens");
    black_box(head);
}

/// A TCP connection on loopback: opened, used once in each direction, closed.
fn loopback(runtime: &tokio::runtime::Runtime, listener: &tokio::net::TcpListener) {
    runtime.block_on(async {
        let address = listener.local_addr().expect("it has an address");
        let (client, server) = tokio::join!(tokio::net::TcpStream::connect(address), listener.accept());
        let (mut client, (mut server, _)) = (client.expect("it connects"), server.expect("it accepts"));
        client.write_all(b"x").await.expect("it writes");
        server.read_exact(&mut [0]).await.expect("it reads");
        server.write_all(b"x").await.expect("it writes");
        client.read_exact(&mut [0]).await.expect("it reads");
    });
}

fn main() {
    let mut criterion = Criterion::default()
        .configure_from_args()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20);
    let memory = Arc::new(Identities::new(KeyKind::Ed25519, NOW).expect("an authority can be made"));
    let wire = Arc::new(Identities::new(KeyKind::P256, NOW).expect("an authority can be made"));
    let options = Options::default();
    let on_wire = Options { place: Place::Wire { scale: 1_000 }, ..Options::default() };
    let (ws, wss) = (scenario("ws://broker.test"), scenario("wss://broker.test"));

    let mut group = criterion.benchmark_group("memory");
    group.bench_function("ws scenario", |b| b.iter(|| plays(&ws, &options, &memory)));
    group.bench_function("ws floor: two upgrades and three documents", |b| {
        let document =
            Request::new(vec![("FUNCTION_TYPE".into(), "ADMIN".into()), ("COMMAND".into(), "GET_COUNTER".into())])
                .to_xml(sca_protocol::message::Layout::Indented);
        b.iter(|| {
            upgrade();
            upgrade();
            for _ in 0..3 {
                black_box(Request::parse(&document, Limits::default()).expect("it can be read"));
            }
        });
    });
    group.bench_function("mutual TLS scenario", |b| b.iter(|| plays(&wss, &options, &memory)));
    let shaker = Handshake::new(&memory);
    group.bench_function("mutual TLS floor: two handshakes", |b| {
        b.iter(|| shaker.shake(2));
    });
    group.finish();

    let mut group = criterion.benchmark_group("wire");
    group.bench_function("ws scenario", |b| b.iter(|| plays(&ws, &on_wire, &wire)));
    group.bench_function("mutual TLS scenario", |b| b.iter(|| plays(&wss, &on_wire, &wire)));
    let shaker = Handshake::new(&wire);
    group.bench_function("mutual TLS floor: two handshakes", |b| {
        b.iter(|| shaker.shake(2));
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port is free");
    group.bench_function("ws floor: two connections on loopback", |b| {
        b.iter(|| {
            loopback(&runtime, &listener);
            loopback(&runtime, &listener);
        });
    });
    group.finish();

    record::measure(&mut criterion);
    cores::measure(&mut criterion, &ws, &memory);

    let mut group = criterion.benchmark_group("start-up");
    group.bench_function("sca-sim --version", |b| {
        b.iter(|| {
            let status = std::process::Command::new(env!("CARGO_BIN_EXE_sca-sim")).arg("--version").output();
            assert!(status.expect("it runs").status.success());
        });
    });
    group.bench_function("floor: true", |b| {
        b.iter(|| assert!(std::process::Command::new("true").status().expect("it runs").success()));
    });
    group.finish();
    criterion.final_summary();
}
