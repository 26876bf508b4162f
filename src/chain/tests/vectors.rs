//! Two records of each recipe, made by writers in other languages.

pub(in crate::chain) struct Vector {
    pub(in crate::chain) name: &'static str,
    pub(in crate::chain) recipe: Option<&'static str>,
    /// Quoted keys.
    pub(in crate::chain) prev_key: &'static str,
    pub(in crate::chain) own_key: Option<&'static str>,
    pub(in crate::chain) lines: [&'static str; 2],
}

pub(in crate::chain) const VECTORS: &[Vector] = &[
    Vector {
        name: "R1 sorted compact, own removed",
        recipe: Some("own-sorted"),
        prev_key: r#""prev_hash""#,
        own_key: Some(r#""hash""#),
        lines: [
            r#"{"seq":0,"ts":"2026-01-02T03:04:05Z","actor":"alice","action":"login","n":1.0,"note":"café","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","hash":"e29ed943264a19a1eb96ff51556809cd26bc6cd740db8df2512de7226fd58eb0"}"#,
            r#"{"seq":1,"ts":"2026-01-02T03:04:06Z","actor":"bob","action":"delete","n":1e-07,"note":"x","prev_hash":"e29ed943264a19a1eb96ff51556809cd26bc6cd740db8df2512de7226fd58eb0","hash":"fc1e3c53b062c6b76f3d05600932da5cf8f64e334a0e77101e52f90c9dda782e"}"#,
        ],
    },
    Vector {
        name: "R2 sorted, Python spaces and \\u escapes",
        recipe: Some("own-sorted-pyspace"),
        prev_key: r#""prev_hash""#,
        own_key: Some(r#""hash""#),
        lines: [
            r#"{"seq": 0, "ts": "2026-01-02T03:04:05Z", "actor": "alice", "action": "login", "n": 1.0, "note": "caf\u00e9", "prev_hash": "GENESIS", "hash": "dd9f3dc68af959981f27fdde4229415f770a6fd537880252272c841453dfcb03"}"#,
            r#"{"seq": 1, "ts": "2026-01-02T03:04:06Z", "actor": "bob", "action": "delete", "n": 1e-07, "note": "x", "prev_hash": "dd9f3dc68af959981f27fdde4229415f770a6fd537880252272c841453dfcb03", "hash": "270f171fc231f595bda233fd3e971fb0053ca2527f138debfc815cc456350b6a"}"#,
        ],
    },
    Vector {
        name: "R3 insertion order",
        recipe: Some("own-insertion"),
        prev_key: r#""prevHash""#,
        own_key: Some(r#""hash""#),
        lines: [
            r#"{"seq":0,"ts":"2026-01-02T03:04:05Z","actor":"alice","action":"login","n":1.0,"note":"café","prevHash":"0000000000000000000000000000000000000000000000000000000000000000","hash":"f88da92d3b72337d2c0f245a5e2d1385fe1ae2ad72af328e2f3412f2fa8295b4"}"#,
            r#"{"seq":1,"ts":"2026-01-02T03:04:06Z","actor":"bob","action":"delete","n":1e-07,"note":"x","prevHash":"f88da92d3b72337d2c0f245a5e2d1385fe1ae2ad72af328e2f3412f2fa8295b4","hash":"8580a09539310f09590da60cf6b4a1d568e54c1f6ecff71e44075781f2f8e577"}"#,
        ],
    },
    Vector {
        name: "R5 prevhex ‖ sorted compact JSON without prev/own (ascii)",
        recipe: Some("prev+json-sorted"),
        prev_key: r#""prev_hash""#,
        own_key: Some(r#""entry_hash""#),
        lines: [
            r#"{"seq":0,"ts":"2026-01-02T03:04:05Z","actor":"alice","action":"login","n":1.0,"note":"caf\u00e9","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","entry_hash":"b98588424dc9bbd1db7f8a538b997c425a3ee73a4fedcccecf99f993c72c503c"}"#,
            r#"{"seq":1,"ts":"2026-01-02T03:04:06Z","actor":"bob","action":"delete","n":1e-07,"note":"x","prev_hash":"b98588424dc9bbd1db7f8a538b997c425a3ee73a4fedcccecf99f993c72c503c","entry_hash":"ab56a5b3b50ed2d6d85f6449ac1647eadd7d87eb8a57f73572036a0a32d404d6"}"#,
        ],
    },
    Vector {
        name: "R7 raw line",
        recipe: Some("raw-line"),
        prev_key: r#""prev_hash""#,
        own_key: None,
        lines: [
            r#"{"seq":0,"ts":"2026-01-02T03:04:05Z","actor":"alice","action":"login","n":1.0,"note":"café","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000"}"#,
            r#"{"seq":1,"ts":"2026-01-02T03:04:06Z","actor":"bob","action":"delete","n":1e-07,"note":"x","prev_hash":"b16189a2bce4071c4c1479afb446d43587c60f2285dd67ca18abcb34912c8d50"}"#,
        ],
    },
    Vector {
        name: "R6 prev bytes ‖ sorted compact JSON without prev/own (ascii)",
        recipe: Some("prevbytes+json-sorted"),
        prev_key: r#""prev_hash""#,
        own_key: Some(r#""hash""#),
        lines: [
            r#"{"seq":0,"ts":"2026-01-02T03:04:05Z","actor":"alice","action":"login","n":1.0,"note":"caf\u00e9","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","hash":"fcc56b418393db64f568761fea144d626912992b1648a65a1103d74d254a8ea8"}"#,
            r#"{"seq":1,"ts":"2026-01-02T03:04:06Z","actor":"bob","action":"delete","n":1e-07,"note":"x","prev_hash":"fcc56b418393db64f568761fea144d626912992b1648a65a1103d74d254a8ea8","hash":"edaf4ac1390f22f7e8094df1d94178214bcd009b80fb3e70312b00f22a124f80"}"#,
        ],
    },
    Vector {
        name: "R1 as HMAC-SHA-256, key = 32 × k",
        recipe: None,
        prev_key: r#""prev_hash""#,
        own_key: Some(r#""hash""#),
        lines: [
            r#"{"seq":0,"ts":"2026-01-02T03:04:05Z","actor":"alice","action":"login","n":1.0,"note":"café","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","hash":"08fb1d2bf98748875199f611d875486a21a26831f99b7ea2f86cff45b4fcb47d"}"#,
            r#"{"seq":1,"ts":"2026-01-02T03:04:06Z","actor":"bob","action":"delete","n":1e-07,"note":"x","prev_hash":"08fb1d2bf98748875199f611d875486a21a26831f99b7ea2f86cff45b4fcb47d","hash":"a19db582bdb55373baacf7a3790dcae034d3957276c170fc70f38c16507a90ff"}"#,
        ],
    },
];
