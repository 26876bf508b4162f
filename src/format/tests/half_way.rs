//! A file whose records are of another kind from some place on.

use super::*;

#[test]
fn a_file_that_begins_as_guessed_json_goes_on_as_what_its_records_are() {
    let registry = Registry::builtin();
    let chosen = registry.get("json~").unwrap();
    let read = |record: &[u8]| {
        let frame = Frame {
            bytes: bytes::Bytes::copy_from_slice(record),
            ..Frame::default()
        };
        let event = registry
            .parse(&chosen, &frame, &Context::default())
            .remove(0);
        event.format.to_string()
    };
    for table in TABLES {
        let folder = format!("{}/tests/fixtures/{}", env!("CARGO_MANIFEST_DIR"), table.id);
        let Ok(files) = std::fs::read_dir(&folder) else {
            continue;
        };
        for file in files {
            let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
            let Some(record) = bytes
                .split(|b| *b == b'\n')
                .find(|line| crate::json::is_object(line) && !line.starts_with(b"{\"Records\""))
            else {
                continue;
            };
            let expected = registry.detect(record).format;
            assert_eq!(read(record), expected.id(), "{folder}");
        }
    }
    let k8s = br#"{"kind":"Event","auditID":"a1","stage":"ResponseComplete","verb":"get","user":{"username":"alice"},"objectRef":{"resource":"secrets"}}"#;
    assert_eq!(read(k8s), "k8s-audit");
    assert_eq!(
        read(br#"{"time":1,"user":"alice","action":"login","created_at":"x"}"#),
        "json~"
    );
    // Known by paths that hold others, too.
    for record in [
        &br##"{"System":{"EventID":{"#text":"4624"},"Provider":{"@Name":"Security"}}}"##[..],
        br##"{"Event":{"System":{"EventID":{"#text":"4624"}}}}"##,
    ] {
        assert_eq!(read(record), "windows-event");
    }
}
