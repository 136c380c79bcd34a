use std::cell::RefCell;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::{Downloader, Progress, Timeouts};
use crate::error::{DownloadFault, Error};
use crate::published::File;
use crate::testing::server::{Response, Server, ok, partial_content, response_bytes, status};
use crate::testing::{fake_mnist, gzip};

/// For servers that respond: long enough for a busy machine.
const LONG: Timeouts = Timeouts {
    resolve: Duration::from_secs(10),
    connect: Duration::from_secs(10),
    read: Duration::from_secs(10),
    attempt: Duration::from_mins(1),
    retry_delay: Duration::from_millis(1),
};

/// For servers that do not respond.
const SHORT: Timeouts =
    Timeouts { connect: Duration::from_millis(300), read: Duration::from_millis(300), ..LONG };

/// Returns the first file, with its uncompressed and its gzipped bytes.
fn train_images() -> (File, Vec<u8>, Vec<u8>) {
    let fake = fake_mnist();
    let [file, ..] = fake.set.files;
    let [bytes, ..] = fake.contents;
    let gzipped = gzip(&bytes);
    (file, bytes, gzipped)
}

fn download(server: &Server, file: &File) -> Result<Vec<u8>, DownloadFault> {
    download_from(&server.url, file, LONG)
}

fn download_from(url: &str, file: &File, timeouts: Timeouts) -> Result<Vec<u8>, DownloadFault> {
    match Downloader::new(url, timeouts, &|_| {}).download(file) {
        Ok(bytes) => Ok(bytes),
        Err(Error::Download { url: requested, fault }) => {
            assert_eq!(requested, format!("{url}train-images-idx3-ubyte.gz"));
            Err(fault)
        }
        Err(other) => panic!("{other}"),
    }
}

/// Returns the first byte of the range of each request.
fn range_starts(server: &Server) -> Vec<Option<usize>> {
    server.requests().iter().map(|request| request.range_start).collect()
}

#[test]
fn downloads_and_decompresses() {
    let (file, bytes, gzipped) = train_images();
    let server = Server::start(move |_| ok(&gzipped));
    assert_eq!(download(&server, &file).unwrap(), bytes);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(server.requests()[0].path, "train-images-idx3-ubyte.gz");
}

#[test]
fn reports_the_progress() {
    let (file, _, gzipped) = train_images();
    let total = gzipped.len();
    let server = Server::start(move |_| ok(&gzipped));
    let done = RefCell::new(Vec::new());
    let on_progress = |progress: Progress<'_>| {
        assert_eq!(progress.name, "train-images-idx3-ubyte");
        assert_eq!(progress.total, Some(total));
        done.borrow_mut().push(progress.done);
    };
    Downloader::new(&server.url, LONG, &on_progress).download(&file).unwrap();
    let done = done.into_inner();
    assert_eq!(done.first(), Some(&0));
    assert_eq!(done.last(), Some(&total));
    assert!(done.is_sorted());
}

#[test]
fn resumes_after_a_lost_connection() {
    let (file, bytes, gzipped) = train_images();
    let length = gzipped.len();
    let server = Server::start(move |request| match request.number {
        0 => Response::Raw(response_bytes("200 OK", "", length, &gzipped[..100])),
        1 => {
            let range = format!("content-range: bytes 100-{}/{length}\r\n", length - 1);
            Response::Raw(response_bytes(
                "206 Partial Content",
                &range,
                length - 100,
                &gzipped[100..150],
            ))
        }
        _ => partial_content(&gzipped, request.range_start.unwrap()),
    });
    assert_eq!(download(&server, &file).unwrap(), bytes);
    assert_eq!(range_starts(&server), [None, Some(100), Some(150)]);
}

#[test]
fn resumes_after_a_stall() {
    let (file, bytes, gzipped) = train_images();
    let server = Server::start(move |request| match request.range_start {
        None => Response::Stall(response_bytes("200 OK", "", gzipped.len(), &gzipped[..100])),
        Some(from) => partial_content(&gzipped, from),
    });
    assert_eq!(download_from(&server.url, &file, SHORT).unwrap(), bytes);
    assert_eq!(range_starts(&server)[..2], [None, Some(100)]);
}

#[test]
fn gives_up_on_a_server_that_never_responds() {
    let (file, ..) = train_images();
    let server = Server::start(|_| Response::Stall(vec![]));
    let fault = download_from(&server.url, &file, SHORT).unwrap_err();
    assert_eq!(fault.to_string(), "the server sent no valid response: timeout: per read");
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn gives_up_on_a_server_that_sends_single_bytes() {
    let (file, _, gzipped) = train_images();
    let timeouts = Timeouts { attempt: Duration::from_millis(300), ..LONG };
    let whole = response_bytes("200 OK", "", gzipped.len(), &gzipped);
    let body = whole.len() - gzipped.len();
    let continues = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(9);
    // In the headers, in interim responses, in the body.
    for (at_once, bytes) in [(0, whole.clone()), (0, continues), (body, whole)] {
        let server = Server::start(move |_| Response::Trickle(at_once, bytes.clone()));
        let start = Instant::now();
        download_from(&server.url, &file, timeouts).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert_eq!(server.requests().len(), 4);
    }
}

#[test]
fn accepts_the_whole_file_from_a_server_that_ignores_ranges() {
    let (file, bytes, gzipped) = train_images();
    let server = Server::start(move |request| match request.number {
        0 => Response::Raw(response_bytes("200 OK", "", gzipped.len(), &gzipped[..100])),
        _ => ok(&gzipped),
    });
    assert_eq!(download(&server, &file).unwrap(), bytes);
    assert_eq!(range_starts(&server), [None, Some(100)]);
}

#[test]
fn starts_again_after_a_wrong_range() {
    let (file, bytes, gzipped) = train_images();
    let server = Server::start(move |request| match request.number {
        0 => Response::Raw(response_bytes("200 OK", "", gzipped.len(), &gzipped[..100])),
        1 => partial_content(&gzipped, 99),
        _ => ok(&gzipped),
    });
    assert_eq!(download(&server, &file).unwrap(), bytes);
    assert_eq!(range_starts(&server), [None, Some(100), None]);
}

#[test]
fn starts_again_after_wrong_bytes() {
    let (file, bytes, gzipped) = train_images();
    let server = Server::start(move |request| match request.number {
        // The rest of another file, then a truncated file.
        0 => Response::Raw(response_bytes("200 OK", "", gzipped.len(), &gzipped[..100])),
        1 => partial_content(&vec![7; gzipped.len()], 100),
        2 => ok(&gzipped[..gzipped.len() / 2]),
        _ => ok(&gzipped),
    });
    assert_eq!(download(&server, &file).unwrap(), bytes);
    assert_eq!(range_starts(&server), [None, Some(100), None, None]);
}

#[test]
fn retries_after_a_server_error() {
    let (file, bytes, gzipped) = train_images();
    let server = Server::start(move |request| match request.number {
        0 => status("500 Internal Server Error", ""),
        1 => status("503 Service Unavailable", ""),
        _ => ok(&gzipped),
    });
    assert_eq!(download(&server, &file).unwrap(), bytes);
    assert_eq!(server.requests().len(), 3);
}

type Respond = Box<dyn Fn() -> Response + Send + Sync>;

#[test]
fn gives_up_with_the_reason() {
    let (file, bytes, gzipped) = train_images();
    let other = gzip(&crate::testing::images(6));
    let other_sum = crate::sha256::sha256([&crate::testing::images(6)[..]]);
    let wrong_sum = format!(
        "the downloaded file is not MNIST's: its SHA-256 is {other_sum}, expected {}",
        crate::sha256::sha256([&bytes[..]])
    );
    let half = gzipped[..gzipped.len() / 2].to_vec();
    let length = gzipped.len();
    let lost = "the connection was lost after 100 bytes: Peer disconnected";
    let cases: Vec<(&str, Respond, &str, usize)> = vec![
        (
            "missing",
            Box::new(|| status("404 Not Found", "")),
            "the server answered with status 404",
            1,
        ),
        (
            "always failing",
            Box::new(|| status("500 Internal Server Error", "")),
            "the server answered with status 500",
            4,
        ),
        (
            "redirects to itself",
            Box::new(|| status("302 Found", "location: /train-images-idx3-ubyte.gz\r\n")),
            "the server redirects too often",
            6,
        ),
        ("another file", Box::new(move || ok(&other)), &wrong_sum, 4),
        (
            "half a file with a matching length",
            Box::new(move || ok(&half)),
            "the downloaded file is damaged: its gzip data cannot be decompressed",
            4,
        ),
        (
            "always interrupted at the same byte",
            Box::new(move || Response::Raw(response_bytes("200 OK", "", length, &gzipped[..100]))),
            lost,
            4,
        ),
        (
            "disconnects",
            Box::new(|| Response::Raw(vec![])),
            "the server sent no valid response: Peer disconnected",
            4,
        ),
        (
            "too long",
            Box::new(|| Response::Raw(response_bytes("200 OK", "", 1 << 40, b"start"))),
            "the file is larger than 67108864 bytes",
            1,
        ),
    ];
    for (case, respond, expected, requests) in cases {
        let server = Server::start(move |_| respond());
        let fault = download(&server, &file).unwrap_err();
        assert_eq!(fault.to_string(), expected, "{case}");
        assert_eq!(server.requests().len(), requests, "{case}");
    }
}

#[test]
fn limits_the_size_without_a_content_length() {
    let (file, ..) = train_images();
    let server = Server::start(|_| {
        let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        Response::Raw([&head[..], &vec![0; super::MAX_BYTES + 1]].concat())
    });
    let fault = download(&server, &file).unwrap_err();
    assert!(matches!(fault, DownloadFault::TooLarge { .. }), "{fault}");
}

#[test]
fn fails_at_once_without_a_server() {
    let (file, ..) = train_images();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let start = Instant::now();
    let fault = download_from(&url, &file, Timeouts::default()).unwrap_err();
    assert_eq!(fault.to_string(), "no connection could be made: Connection refused (os error 111)");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn does_not_retry_a_server_that_does_not_finish_the_handshake() {
    let (file, ..) = train_images();
    // It accepts the connection, but TLS gets no response, as in a captive network.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let fault = download_from(&url, &file, SHORT).unwrap_err();
    assert_eq!(fault.to_string(), "no connection could be made: timeout: connect");
    listener.set_nonblocking(true).unwrap();
    listener.accept().expect("one connection");
    listener.accept().expect_err("no second connection");
}

#[test]
fn connecting_takes_at_most_five_seconds() {
    let Timeouts { resolve, connect, .. } = Timeouts::default();
    assert!(resolve + connect < Duration::from_secs(5));
}

#[test]
fn http_is_allowed_as_files_are_verified() {
    let (file, bytes, gzipped) = train_images();
    let server = Server::start(move |_| ok(&gzipped));
    let url = server.url.replace("127.0.0.1", "localhost");
    assert_eq!(download_from(&url, &file, LONG).unwrap(), bytes);
}
