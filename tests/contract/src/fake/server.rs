//! A small HTTP/1.1 server, one thread for each connection, that records what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, percent-decoded, without the query.
    pub path: String,
    /// The query's pairs, percent-decoded.
    pub query: Vec<(String, String)>,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header field of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The first value of that name in the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, `null` when it is not.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What comes when it is there.
#[derive(Clone)]
pub struct Awaited(Arc<dyn Fn() -> Option<String> + Send + Sync>);

impl Awaited {
    /// What this gives, asked again and again until it does.
    pub fn new(ask: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl std::fmt::Debug for Awaited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Awaited")
    }
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A whole answer.
    Full {
        /// The status.
        status: u16,
        /// Header fields besides `Content-Length` and `Connection`.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// A whole answer after a while.
    Late(Duration, Box<Reply>),
    /// An answer that promises more bytes than it sends, then a closed connection.
    Cut,
    /// An event stream, piece by piece, each after a pause.
    Stream(Vec<(Duration, String)>),
    /// These bytes as they are, then others again and again, each time after a pause; then a closed connection.
    Raw {
        /// What comes first, the head included.
        first: Vec<u8>,
        /// What comes then.
        then: Vec<u8>,
        /// The pause before each time.
        pause: Duration,
        /// How often.
        times: usize,
    },
    /// An event stream of two pieces, the second as soon as it is there, within a minute.
    Asking(String, Awaited),
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    /// An answer of any type.
    pub fn text(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Full { status, headers: vec![("Content-Type".into(), content_type.into())], body: body.into() }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self::Full { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The same answer with one more header field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Full { headers, .. } = &mut self {
            headers.push((name.into(), value.into()));
        }
        self
    }
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// A running server; it lives as long as the test process.
#[derive(Clone, Debug)]
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Request>>>,
    left: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server on a free loopback port.
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
        let port = listener.local_addr().expect("a bound port").port();
        let server = Self { port, asked: Arc::default(), left: Arc::default() };
        let (record, handler): (_, Arc<Handler>) = (server.clone(), Arc::new(handler));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (handler, record) = (handler.clone(), record.clone());
                std::thread::spawn(move || serve(&stream, &handler, &record));
            }
        });
        server
    }

    /// A server that takes every request and never answers.
    pub fn silent() -> Self {
        Self::start(|_| Reply::Late(Duration::from_hours(1), Box::new(Reply::empty(200))))
    }

    /// `http://127.0.0.1:PORT` and then `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every request so far whose client hung up before it had the whole answer.
    pub fn left(&self) -> Vec<Request> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(stream: &TcpStream, handler: &Arc<Handler>, record: &Server) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        record.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        if write(stream, handler(&request)).is_none() {
            record.left.lock().unwrap_or_else(PoisonError::into_inner).push(request);
            return;
        }
    }
}

/// Lets this time pass; `None` as soon as the client has hung up.
fn pause(stream: &TcpStream, mut left: Duration) -> Option<()> {
    const GLANCE: Duration = Duration::from_millis(50);
    stream.set_nonblocking(true).ok()?;
    while !left.is_zero() {
        let step = left.min(GLANCE);
        std::thread::sleep(step);
        left -= step;
        match stream.peek(&mut [0]) {
            Ok(0) => return None,
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return None,
            _ => {}
        }
    }
    stream.set_nonblocking(false).ok()
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let first = line(reader)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let query =
        query.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decode(key), decode(value)));
    let mut request = Request { method, path: decode(path), query: query.collect(), headers, body: Vec::new() };
    let chunked = request.header("transfer-encoding").is_some_and(|value| value.contains("chunked"));
    let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    request.body = if chunked { chunks(reader)? } else { exactly(reader, length)? };
    Some(request)
}

fn chunks(reader: &mut BufReader<&TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(line(reader)?.trim(), 16).ok()?;
        body.extend(exactly(reader, length)?);
        line(reader)?;
        if length == 0 {
            return Some(body);
        }
    }
}

fn exactly(reader: &mut BufReader<&TcpStream>, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok().map(|()| bytes)
}

fn line(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}

fn write(mut stream: &TcpStream, reply: Reply) -> Option<()> {
    match reply {
        Reply::Full { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} Answer\r\n");
            for (name, value) in headers {
                head.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
            }
            let length = body.len().to_string();
            head.extend(["Content-Length: ", length.as_str(), "\r\n\r\n"]);
            stream.write_all(&[head.into_bytes(), body].concat()).ok()
        }
        Reply::Late(time, reply) => {
            pause(stream, time)?;
            write(stream, *reply)
        }
        Reply::Cut => {
            let head =
                "HTTP/1.1 200 Answer\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n{\"jsonrpc\":";
            let _ = stream.write_all(head.as_bytes());
            // The next reading finds the connection closed.
            let _ = stream.shutdown(std::net::Shutdown::Both);
            Some(())
        }
        Reply::Stream(pieces) => {
            let head = "HTTP/1.1 200 Answer\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).ok()?;
            for (time, piece) in pieces {
                pause(stream, time)?;
                stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).ok()?;
            }
            stream.write_all(b"0\r\n\r\n").ok()
        }
        Reply::Raw { first, then, pause: time, times } => {
            stream.write_all(&first).ok()?;
            for _ in 0..times {
                if !time.is_zero() {
                    pause(stream, time)?;
                }
                stream.write_all(&then).ok()?;
            }
            let _ = stream.shutdown(std::net::Shutdown::Both);
            Some(())
        }
        Reply::Asking(first, rest) => {
            let head = "HTTP/1.1 200 Answer\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
            stream.write_all(format!("{head}{first}").as_bytes()).ok()?;
            for _ in 0..1_200 {
                if let Some(rest) = (rest.0)() {
                    let _ = stream.write_all(rest.as_bytes());
                    let _ = stream.shutdown(std::net::Shutdown::Both);
                    return Some(());
                }
                pause(stream, Duration::from_millis(50))?;
            }
            None
        }
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let escaped = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (byte, escaped.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(value)) => {
                decoded.push(value);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            _ => decoded.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
