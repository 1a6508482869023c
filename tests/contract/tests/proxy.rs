//! The proxy between the conformance suite and the gateway changes nothing but what it must.

use gateway_contract::fake::{Reply, Server};
use gateway_contract::program;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// A running proxy; it ends when its standard input does, which is when this value is dropped.
struct Proxy {
    port: u16,
    child: Child,
}

impl Proxy {
    fn start(gateway: &str) -> Self {
        let mut command = program("node");
        command.args(["tests/conformance/proxy.mjs", gateway]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("node");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).expect("a line");
        let port = line.trim().strip_prefix("listening on http://127.0.0.1:").and_then(|port| port.parse().ok());
        Self { port: port.expect(&line), child }
    }

    /// Sends a request with these header lines; the connection is left open.
    fn send(&self, lines: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let head = format!("POST /mcp HTTP/1.1\r\nConnection: close\r\n{lines}Content-Length: 2\r\n\r\n{{}}");
        stream.write_all(head.as_bytes()).expect("a request");
        stream
    }

    /// The same, and the whole answer.
    fn ask(&self, lines: &str) -> String {
        let (mut stream, mut answer) = (self.send(lines), String::new());
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A gateway whose every login gives another token, of which it refuses the first `refused`.
fn gateway(refused: usize) -> Server {
    let (logins, refusals) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Server::start(move |request| match request.path.as_str() {
        "/auth/login" => {
            let number = logins.fetch_add(1, Ordering::SeqCst) + 1;
            Reply::json(200, &json!({"access_token": format!("token-{number}"), "expires_in": 600}))
        }
        _ if refusals.fetch_add(1, Ordering::SeqCst) < refused => Reply::empty(401),
        _ => Reply::json(200, &json!({})).with("mcp-session-id", "s1"),
    })
}

#[test]
fn a_token_is_added_and_the_proxys_own_address_becomes_the_gateways() {
    let gateway = gateway(0);
    let proxy = Proxy::start(&gateway.url(""));
    let own = proxy.port;
    let answer =
        proxy.ask(&format!("Host: 127.0.0.1:{own}\r\nOrigin: http://localhost:{own}\r\nMcp-Session-Id: s1\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("mcp-session-id: s1"), "{answer}");
    let asked = gateway.asked().pop().expect("a request");
    let there = gateway.url("").trim_start_matches("http://127.0.0.1:").to_owned();
    assert_eq!(asked.header("authorization"), Some("Bearer token-1"));
    assert_eq!(asked.header("host"), Some(format!("127.0.0.1:{there}").as_str()));
    assert_eq!(asked.header("origin"), Some(format!("http://localhost:{there}").as_str()));
    assert_eq!((asked.header("mcp-session-id"), asked.body.as_slice()), (Some("s1"), b"{}".as_slice()));
}

#[test]
fn a_foreign_address_stays_foreign() {
    let gateway = gateway(0);
    let proxy = Proxy::start(&gateway.url(""));
    proxy.ask("Host: evil.example.com\r\nOrigin: http://evil.example.com\r\n");
    proxy.ask("Host: 127.0.0.1:1\r\n");
    let asked = gateway.asked();
    let seen: Vec<_> = asked.iter().filter(|request| request.path == "/mcp").collect();
    assert_eq!(seen[0].header("host"), Some("evil.example.com"));
    assert_eq!(seen[0].header("origin"), Some("http://evil.example.com"));
    assert_eq!((seen[1].header("host"), seen[1].header("origin")), (Some("127.0.0.1:1"), None));
}

#[test]
fn after_a_token_was_refused_the_next_request_brings_another() {
    let gateway = gateway(1);
    let proxy = Proxy::start(&gateway.url(""));
    let statuses = ["Host: a\r\n"; 3].map(|lines| proxy.ask(lines)[9..12].to_owned());
    assert_eq!(statuses, ["401", "200", "200"]);
    let asked = gateway.asked();
    let tokens = asked.iter().filter_map(|request| request.header("authorization"));
    assert_eq!(tokens.collect::<Vec<_>>(), ["Bearer token-1", "Bearer token-2", "Bearer token-2"]);
}

#[test]
fn an_event_arrives_while_its_stream_is_open() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let proxy = Proxy::start(&format!("http://{}", listener.local_addr().unwrap()));
    let (heard, wait) = mpsc::channel();
    let gateway = std::thread::spawn(move || {
        let login = r#"{"access_token":"t","expires_in":600}"#;
        let length = login.len();
        let mut stream = accept(&listener);
        write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{login}").unwrap();
        let mut stream = accept(&listener);
        let begin = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\n";
        write!(stream, "{begin}data: first\n\n").unwrap();
        wait.recv_timeout(Duration::from_secs(20)).expect("the first event arrives before the second is sent");
        write!(stream, "data: second\n\n").unwrap();
    });
    let mut lines = BufReader::new(proxy.send("Host: a\r\n")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "data: first"));
    heard.send(()).expect("the gateway waits");
    assert!(lines.any(|line| line == "data: second"));
    gateway.join().expect("the gateway");
}

/// The next connection, with its request's head and body read.
fn accept(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("a connection");
    let (mut request, mut buffer) = (Vec::new(), [0_u8; 1024]);
    while !request.ends_with(b"}") {
        let length = stream.read(&mut buffer).expect("a request");
        assert!(length > 0, "the request ends early");
        request.extend(&buffer[..length]);
    }
    stream
}
