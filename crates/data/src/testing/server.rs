//! An HTTP server on this machine that misbehaves as told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Without the leading slash.
    pub(crate) path: String,
    /// Where the range starts, if the request has one.
    pub(crate) from: Option<usize>,
    /// Which request to this server it is, from 0.
    pub(crate) number: usize,
}

/// What the server does about it.
pub(crate) enum Answer {
    /// These bytes go out as they are, then the connection is closed.
    Raw(Vec<u8>),
    /// The first of these bytes go out at once, the others one by one, for a while.
    Trickle(usize, Vec<u8>),
    /// These bytes go out, then nothing more for a while.
    Stall(Vec<u8>),
}

/// Runs until the test process ends.
pub(crate) struct Server {
    /// With a slash at the end.
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || serve(&stream.unwrap(), &log, &*answer));
            }
        });
        Self { url, asked }
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// Takes one request, answers it and closes the connection.
fn serve(mut stream: &TcpStream, log: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Answer) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let request_line = lines.next().unwrap_or_default();
    let path = request_line.split(' ').nth(1).unwrap_or("/")[1..].to_owned();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let from = headers
        .iter()
        .find_map(|line| line.strip_prefix("range: bytes="))
        .map(|range| range.trim_end_matches('-').parse().unwrap());
    let asked = {
        let mut log = log.lock().unwrap();
        let number = log.len();
        log.push(Asked { path, from, number });
        log[number].clone()
    };
    // The client may have gone away by now: that is for it to judge.
    match answer(&asked) {
        Answer::Raw(bytes) => drop(stream.write_all(&bytes)),
        Answer::Trickle(first, bytes) => {
            let _ = stream.write_all(&bytes[..first]);
            for byte in bytes[first..].iter().take(100) {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(30));
            }
        }
        Answer::Stall(bytes) => {
            let _ = stream.write_all(&bytes);
            thread::sleep(Duration::from_secs(2));
        }
    }
}

/// A whole answer with its true length.
pub(crate) fn ok(body: &[u8]) -> Answer {
    Answer::Raw(response("200 OK", "", body.len(), body))
}

/// An answer without a body.
pub(crate) fn status(line: &str, headers: &str) -> Answer {
    Answer::Raw(response(line, headers, 0, b""))
}

/// What goes over the wire; `length` is what the header claims.
pub(crate) fn response(line: &str, headers: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {line}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The rest of `body` after `from`, as an answer to a range.
pub(crate) fn rest(body: &[u8], from: usize) -> Answer {
    let range = format!("content-range: bytes {from}-{}/{}\r\n", body.len() - 1, body.len());
    Answer::Raw(response("206 Partial Content", &range, body.len() - from, &body[from..]))
}
