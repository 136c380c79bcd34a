//! A local HTTP server that can misbehave.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A received request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Path, without the leading slash.
    pub(crate) path: String,
    /// First byte of the range, if the request has one.
    pub(crate) range_start: Option<usize>,
    /// Index of the request to this server, from 0.
    pub(crate) number: usize,
}

/// The response to a request.
pub(crate) enum Response {
    /// Sends these bytes, then closes the connection.
    Raw(Vec<u8>),
    /// Sends this many of the bytes at once and the others one by one, for up to 3 s.
    Trickle(usize, Vec<u8>),
    /// Sends these bytes, then keeps the connection open for 2 s.
    Stall(Vec<u8>),
}

/// A server that runs until the test process ends.
pub(crate) struct Server {
    /// URL, ending in a slash.
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn start(respond: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let respond = Arc::new(respond);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, respond) = (Arc::clone(&log), Arc::clone(&respond));
                thread::spawn(move || serve(&stream.unwrap(), &log, &*respond));
            }
        });
        Self { url, requests }
    }

    /// Returns all requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// Reads one request, sends the response and closes the connection.
fn serve(
    mut stream: &TcpStream,
    log: &Mutex<Vec<Request>>,
    respond: &dyn Fn(&Request) -> Response,
) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let request_line = lines.next().unwrap_or_default();
    let path = request_line.split(' ').nth(1).unwrap_or("/")[1..].to_owned();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let range_start = headers
        .iter()
        .find_map(|line| line.strip_prefix("range: bytes="))
        .map(|range| range.trim_end_matches('-').parse().unwrap());
    let request = {
        let mut log = log.lock().unwrap();
        let number = log.len();
        log.push(Request { path, range_start, number });
        log[number].clone()
    };
    // The client may have disconnected, so errors are ignored.
    match respond(&request) {
        Response::Raw(bytes) => drop(stream.write_all(&bytes)),
        Response::Trickle(first, bytes) => {
            let _ = stream.write_all(&bytes[..first]);
            for byte in bytes[first..].iter().take(100) {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(30));
            }
        }
        Response::Stall(bytes) => {
            let _ = stream.write_all(&bytes);
            thread::sleep(Duration::from_secs(2));
        }
    }
}

/// Returns a complete response with its length.
pub(crate) fn ok(body: &[u8]) -> Response {
    Response::Raw(response_bytes("200 OK", "", body.len(), body))
}

/// Returns a response without a body.
pub(crate) fn status(line: &str, headers: &str) -> Response {
    Response::Raw(response_bytes(line, headers, 0, b""))
}

/// Returns the bytes of a response that declares the given `length`.
pub(crate) fn response_bytes(line: &str, headers: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {line}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Returns the response to a request for the range of `body` from byte `from` on.
pub(crate) fn partial_content(body: &[u8], from: usize) -> Response {
    let range = format!("content-range: bytes {from}-{}/{}\r\n", body.len() - 1, body.len());
    Response::Raw(response_bytes("206 Partial Content", &range, body.len() - from, &body[from..]))
}
