use std::cell::RefCell;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::{Downloader, Patience};
use crate::error::{DownloadFault, Error};
use crate::mnist::File;
use crate::testing::server::{Answer, Server, ok, response, rest, status};
use crate::testing::{fake_mnist, gzip};

/// For servers that answer: long enough for a busy machine.
const LONG: Patience = Patience {
    resolve: Duration::from_secs(10),
    connect: Duration::from_secs(10),
    read: Duration::from_secs(10),
    attempt: Duration::from_mins(1),
    pause: Duration::from_millis(1),
};

/// For servers that do not.
const SHORT: Patience =
    Patience { connect: Duration::from_millis(300), read: Duration::from_millis(300), ..LONG };

/// The first file, unpacked and packed.
fn train_images() -> (File, Vec<u8>, Vec<u8>) {
    let fake = fake_mnist();
    let [file, ..] = fake.files;
    let [unpacked, ..] = fake.contents;
    let packed = gzip(&unpacked);
    (file, unpacked, packed)
}

fn fetch(server: &Server, file: &File) -> Result<Vec<u8>, DownloadFault> {
    fetch_from(&server.url, file, LONG)
}

fn fetch_from(url: &str, file: &File, patience: Patience) -> Result<Vec<u8>, DownloadFault> {
    match Downloader::new(url, patience, &|_| {}).fetch(file) {
        Ok(unpacked) => Ok(unpacked),
        Err(Error::Download { url: asked, fault }) => {
            assert_eq!(asked, format!("{url}train-images-idx3-ubyte.gz"));
            Err(fault)
        }
        Err(other) => panic!("{other}"),
    }
}

/// Where each request started.
fn starts(server: &Server) -> Vec<Option<usize>> {
    server.asked().iter().map(|asked| asked.from).collect()
}

#[test]
fn fetches_and_unpacks() {
    let (file, unpacked, packed) = train_images();
    let server = Server::start(move |_| ok(&packed));
    assert_eq!(fetch(&server, &file).unwrap(), unpacked);
    assert_eq!(server.asked().len(), 1);
    assert_eq!(server.asked()[0].path, "train-images-idx3-ubyte.gz");
}

#[test]
fn tells_how_far_it_is() {
    let (file, _, packed) = train_images();
    let total = packed.len();
    let server = Server::start(move |_| ok(&packed));
    let heard = RefCell::new(Vec::new());
    let listen = |progress: super::Progress<'_>| {
        assert_eq!(progress.file, "train-images-idx3-ubyte");
        assert_eq!(progress.total, Some(total));
        heard.borrow_mut().push(progress.done);
    };
    Downloader::new(&server.url, LONG, &listen).fetch(&file).unwrap();
    let heard = heard.into_inner();
    assert_eq!(heard.first(), Some(&0));
    assert_eq!(heard.last(), Some(&total));
    assert!(heard.is_sorted());
}

#[test]
fn resumes_what_broke_off() {
    let (file, unpacked, packed) = train_images();
    let length = packed.len();
    let server = Server::start(move |asked| match asked.number {
        0 => Answer::Raw(response("200 OK", "", length, &packed[..100])),
        1 => {
            let range = format!("content-range: bytes 100-{}/{length}\r\n", length - 1);
            Answer::Raw(response("206 Partial Content", &range, length - 100, &packed[100..150]))
        }
        _ => rest(&packed, asked.from.unwrap()),
    });
    assert_eq!(fetch(&server, &file).unwrap(), unpacked);
    assert_eq!(starts(&server), [None, Some(100), Some(150)]);
}

#[test]
fn resumes_what_stood_still() {
    let (file, unpacked, packed) = train_images();
    let server = Server::start(move |asked| match asked.from {
        None => Answer::Stall(response("200 OK", "", packed.len(), &packed[..100])),
        Some(from) => rest(&packed, from),
    });
    assert_eq!(fetch_from(&server.url, &file, SHORT).unwrap(), unpacked);
    assert_eq!(starts(&server)[..2], [None, Some(100)]);
}

#[test]
fn gives_up_on_a_server_that_stays_silent() {
    let (file, ..) = train_images();
    let server = Server::start(|_| Answer::Stall(vec![]));
    let fault = fetch_from(&server.url, &file, SHORT).unwrap_err();
    assert_eq!(fault.to_string(), "the server gave no proper answer: timeout: per read");
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn does_not_wait_for_ever_for_a_server_that_trickles() {
    let (file, _, packed) = train_images();
    let patience = Patience { attempt: Duration::from_millis(300), ..LONG };
    let whole = response("200 OK", "", packed.len(), &packed);
    let body = whole.len() - packed.len();
    let continues = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(9);
    // In its headers, in between, and in the file itself.
    for (at_once, bytes) in [(0, whole.clone()), (0, continues), (body, whole)] {
        let server = Server::start(move |_| Answer::Trickle(at_once, bytes.clone()));
        let begun = Instant::now();
        fetch_from(&server.url, &file, patience).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        assert_eq!(server.asked().len(), 4);
    }
}

#[test]
fn takes_the_whole_file_from_a_server_without_ranges() {
    let (file, unpacked, packed) = train_images();
    let server = Server::start(move |asked| match asked.number {
        0 => Answer::Raw(response("200 OK", "", packed.len(), &packed[..100])),
        _ => ok(&packed),
    });
    assert_eq!(fetch(&server, &file).unwrap(), unpacked);
    assert_eq!(starts(&server), [None, Some(100)]);
}

#[test]
fn begins_again_after_a_wrong_range() {
    let (file, unpacked, packed) = train_images();
    let server = Server::start(move |asked| match asked.number {
        0 => Answer::Raw(response("200 OK", "", packed.len(), &packed[..100])),
        1 => rest(&packed, 99),
        _ => ok(&packed),
    });
    assert_eq!(fetch(&server, &file).unwrap(), unpacked);
    assert_eq!(starts(&server), [None, Some(100), None]);
}

#[test]
fn begins_again_after_wrong_bytes() {
    let (file, unpacked, packed) = train_images();
    let server = Server::start(move |asked| match asked.number {
        // The rest of some other file, then a damaged one.
        0 => Answer::Raw(response("200 OK", "", packed.len(), &packed[..100])),
        1 => rest(&vec![7; packed.len()], 100),
        2 => ok(&packed[..packed.len() / 2]),
        _ => ok(&packed),
    });
    assert_eq!(fetch(&server, &file).unwrap(), unpacked);
    assert_eq!(starts(&server), [None, Some(100), None, None]);
}

#[test]
fn asks_again_after_a_server_error() {
    let (file, unpacked, packed) = train_images();
    let server = Server::start(move |asked| match asked.number {
        0 => status("500 Internal Server Error", ""),
        1 => status("503 Service Unavailable", ""),
        _ => ok(&packed),
    });
    assert_eq!(fetch(&server, &file).unwrap(), unpacked);
    assert_eq!(server.asked().len(), 3);
}

type Behave = Box<dyn Fn() -> Answer + Send + Sync>;

#[test]
fn gives_up_with_the_reason() {
    let (file, _, packed) = train_images();
    let other = gzip(&crate::testing::images(6));
    let other_sum = crate::sha256::sha256([&crate::testing::images(6)[..]]);
    let wrong_sum =
        format!("what came is not MNIST's: its SHA-256 is {other_sum}, not {}", file.sha256);
    let half = packed[..packed.len() / 2].to_vec();
    let length = packed.len();
    let broke_off = "the connection broke off after 100 bytes: Peer disconnected";
    let cases: Vec<(&str, Behave, &str, usize)> = vec![
        (
            "not there",
            Box::new(|| status("404 Not Found", "")),
            "the server answered with status 404",
            1,
        ),
        (
            "in trouble for good",
            Box::new(|| status("500 Internal Server Error", "")),
            "the server answered with status 500",
            4,
        ),
        (
            "redirects in circles",
            Box::new(|| status("302 Found", "location: /train-images-idx3-ubyte.gz\r\n")),
            "the server redirects too often",
            6,
        ),
        ("another file", Box::new(move || ok(&other)), &wrong_sum, 4),
        (
            "half a file with a length to match",
            Box::new(move || ok(&half)),
            "what came is damaged: its gzip data cannot be unpacked",
            4,
        ),
        (
            "always cut at the same byte",
            Box::new(move || Answer::Raw(response("200 OK", "", length, &packed[..100]))),
            broke_off,
            4,
        ),
        (
            "hangs up",
            Box::new(|| Answer::Raw(vec![])),
            "the server gave no proper answer: Peer disconnected",
            4,
        ),
        (
            "too long to be true",
            Box::new(|| Answer::Raw(response("200 OK", "", 1 << 40, b"so far"))),
            "the file is larger than 67108864 bytes",
            1,
        ),
    ];
    for (case, behave, expected, requests) in cases {
        let server = Server::start(move |_| behave());
        let fault = fetch(&server, &file).unwrap_err();
        assert_eq!(fault.to_string(), expected, "{case}");
        assert_eq!(server.asked().len(), requests, "{case}");
    }
}

#[test]
fn does_not_take_more_than_the_most_from_a_server_that_names_no_length() {
    let (file, ..) = train_images();
    let server = Server::start(|_| {
        let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        Answer::Raw([&head[..], &vec![0; super::MAX_BYTES + 1]].concat())
    });
    let fault = fetch(&server, &file).unwrap_err();
    assert!(matches!(fault, DownloadFault::TooLarge { .. }), "{fault}");
}

#[test]
fn does_not_wait_for_a_server_that_is_not_there() {
    let (file, ..) = train_images();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let start = Instant::now();
    let fault = fetch_from(&url, &file, Patience::default()).unwrap_err();
    assert_eq!(fault.to_string(), "no connection could be made: Connection refused (os error 111)");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn does_not_try_a_server_twice_that_never_says_hello() {
    let (file, ..) = train_images();
    // It takes the connection, and TLS waits in vain: what a captive network may do.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let fault = fetch_from(&url, &file, SHORT).unwrap_err();
    assert_eq!(fault.to_string(), "no connection could be made: timeout: connect");
    listener.set_nonblocking(true).unwrap();
    listener.accept().expect("one connection");
    listener.accept().expect_err("no second connection");
}

#[test]
fn without_a_network_five_seconds_are_the_most() {
    let Patience { resolve, connect, .. } = Patience::default();
    assert!(resolve + connect < Duration::from_secs(5));
}

#[test]
fn speaks_https_only_but_to_this_machine() {
    let (file, ..) = train_images();
    let fault = fetch_from("http://localhost:1/", &file, LONG).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "no connection could be made: configured for https only: \
         http://localhost:1/train-images-idx3-ubyte.gz"
    );
}
