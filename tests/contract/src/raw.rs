//! Requests that no well-behaved client sends, written byte for byte.

use crate::Gateway;
use crate::client::Answer;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Sends bytes to a gateway and reads the answer until the connection ends. No connection or no answer is status 0.
pub fn exchange(gateway: &Gateway, bytes: &[u8]) -> Answer {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", gateway.port())) else {
        return parse(b"");
    };
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    // A server may refuse before it has read everything; what it said still counts.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    parse(&answer)
}

/// One request with exactly these header lines, a `Connection: close` and, when there is a body, its length.
pub fn request(gateway: &Gateway, method: &str, target: &str, lines: &[(&str, &[u8])], body: &[u8]) -> Answer {
    let mut bytes = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n").into_bytes();
    if !lines.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        bytes.extend(format!("Host: 127.0.0.1:{}\r\n", gateway.port()).bytes());
    }
    for (name, value) in lines {
        bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    if !body.is_empty() {
        bytes.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    exchange(gateway, &bytes)
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|text| text.parse().ok()).unwrap_or(0);
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers: Vec<_> = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let body = bytes.get(end + 4..).unwrap_or_default();
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value.contains("chunked"));
    Answer { status, headers, body: if chunked { unchunk(body) } else { body.to_vec() } }
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let length =
            std::str::from_utf8(&bytes[..end]).ok().and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
        let Some(chunk) = length.and_then(|length| bytes.get(end + 2..end + 2 + length)) else { break };
        if chunk.is_empty() {
            break;
        }
        body.extend(chunk);
        bytes = bytes.get(end + 2 + chunk.len() + 2..).unwrap_or_default();
    }
    body
}
