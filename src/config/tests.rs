//! Layers of settings, and errors that name line and key.

use super::*;

fn entries(text: &str) -> Vec<Entry> {
    let (entries, errors) = read_toml(Path::new("c.toml"), text);
    assert_eq!(errors, []);
    entries
}

fn variables(pairs: &[(&str, &str)]) -> Vec<Entry> {
    read_environment(pairs.iter().map(|(k, v)| (k.into(), v.into())))
}

fn errors_of(text: &str) -> Vec<String> {
    let (entries, mut errors) = read_toml(Path::new("c.toml"), text);
    errors.extend(merge(&[entries]).1);
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn the_asset_says_what_the_code_does() {
    let defaults = entries(DEFAULTS);
    // Start from other settings, so that a key left out of the file would show.
    let other = entries(
        "zone = 'local'\nlog_zone = 'UTC'\ncolour = 'never'\ncolours = 16\ntheme = 'light'\nascii = 'never'\nexec = false\nsources = ['/a']\nrunbooks = ['/b']\n[index]\nmax_bytes = 1\nmax_share = 1\nmin_free = 1\n",
    );
    assert_ne!(merge(std::slice::from_ref(&other)).0, Settings::default());
    assert_eq!(merge(&[other, defaults]), (Settings::default(), vec![]));
}

#[test]
fn later_layers_win() {
    let file = entries(
        "zone = \"Europe/Vienna\"\ncolor = \"always\"\nsources = [\"~/logs\", \"/var/log/*.log\"]\n[index]\nmax_share = 5\n",
    );
    let environment = variables(&[
        ("AUDITTY_HOME", "/x"),
        ("AUDITTY_INDEX_MAX_SHARE", "7 %"),
        ("AUDITTY_RUNBOOKS", "/r1:~/r2"),
        ("AUDITTY_SEAL_SINK", "~/copies"),
        ("AUDITTY_SEAL_COMMAND", "tee -a x"),
        ("AUDITTY_SEAL_EVERY", "7"),
        ("AUDITTY_COLOUR", "always"),
        ("AUDITTY_EXEC", "0"),
        ("NO_COLOR", "1"),
        ("PATH", "/bin"),
    ]);
    let flags = vec![Entry {
        key: "zone".into(),
        value: Value::Str("utc".into()),
        place: "--tz".into(),
    }];
    let (mut settings, errors) = merge(&[file, environment, flags]);
    assert_eq!(errors, []);
    settings.expand_home(Path::new("/home/a"));
    assert_eq!(
        settings,
        Settings {
            colour: Choice::Never,
            exec: false,
            sources: vec!["/home/a/logs".into(), "/var/log/*.log".into()],
            runbooks: vec!["/r1".into(), "/home/a/r2".into()],
            seal: SealSettings {
                every: 7,
                sink: Some("/home/a/copies".into()),
                command: ["tee", "-a", "x"].map(str::to_owned).to_vec(),
                ..SealSettings::default()
            },
            index: IndexLimits {
                max_share: 7,
                ..Settings::default().index
            },
            ..Settings::default()
        }
    );
}

#[test]
fn what_is_wrong_says_where_and_what_is_allowed() {
    assert_eq!(
        errors_of("exec = true\nzone = \"Mars\"\n"),
        [
            "c.toml:2: zone = \"Mars\" is not allowed; use \"UTC\", \"local\" or an IANA name such as \"Europe/Vienna\""
        ]
    );
    assert_eq!(
        errors_of("\n[index]\nmax_share = 101\n"),
        ["c.toml:3: index.max_share = 101 is not allowed; use a share from \"1 %\" to \"100 %\""]
    );
    let unknown = errors_of("zoen = 'UTC'\n");
    assert!(
        unknown[0].starts_with(
            "c.toml:1: there is no setting \"zoen\" (did you mean `zone`?); the settings are zone, log_zone,"
        )
    );
    let unclosed = errors_of("[[format]\nid = 'x'\n");
    assert_eq!(unclosed.len(), 1, "{unclosed:?}");
    assert!(unclosed[0].starts_with("c.toml:1: is not TOML"));
    let single = errors_of("[format]\nid = 'x'\n");
    assert!(
        single[0].contains("begin each with [[format]]"),
        "{single:?}"
    );
    for wrong in [
        "exec = 'yes'",
        "exec = 1",
        "sources = ['rel']",
        "sources = [1]",
        "zone = 2026-01-01",
        "[zone]\na = 1",
        "[index.max_bytes]\na = 1",
        "index = 1",
        "index.max_bytes = '10 GX'",
        "index.max_bytes = -1",
        "index.max_bytes = '99999999 TB'",
        "index.max_bytes = 99999999999999999999",
        "seal.follow = 1",
        "seal.every = 0",
        "seal.after = -1",
        "seal.sink = 'rel'",
        "seal.command = 'tee -a x'",
        "seal.command = ['']",
    ] {
        assert_eq!(errors_of(wrong).len(), 1, "{wrong}");
    }
}

#[test]
fn one_error_leaves_the_rest() {
    let (read, errors) = read_toml(
        Path::new("c.toml"),
        "exec = false\nzone = = 1\nascii = 'always'\n",
    );
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].to_string().starts_with("c.toml:2: is not TOML: "),
        "{}",
        errors[0]
    );
    let (settings, _) = merge(&[read]);
    assert!(!settings.exec);
    let (settings, errors) = merge(&[variables(&[
        ("AUDITTY_ASCII", "never"),
        ("AUDITTY_TYPO", "1"),
    ])]);
    assert_eq!(settings.ascii, Choice::Never);
    assert_eq!(errors[0].place, "AUDITTY_TYPO");
}

#[test]
fn sizes_and_shares() {
    for (text, bytes) in [
        ("5", 5),
        ("'10 GB'", 10_000_000_000),
        ("'1GiB'", 1 << 30),
        ("'1_000 kB'", 1_000_000),
    ] {
        assert_eq!(
            merge(&[entries(&format!("index.min_free = {text}"))])
                .0
                .index
                .min_free,
            bytes,
            "{text}"
        );
    }
    assert_eq!(
        merge(&[entries("index.max_share = '35%'")])
            .0
            .index
            .max_share,
        35
    );
}

#[test]
fn glyphs_follow_the_terminal_unless_told() {
    let unicode = Terminal {
        locale: Some("en_US.UTF-8".into()),
        ..Terminal::default()
    };
    let settings = |ascii| Settings {
        ascii,
        ..Settings::default()
    };
    for (ascii, there, elsewhere, file) in [
        (
            Choice::Auto,
            Charset::Unicode,
            Charset::Ascii,
            Charset::Unicode,
        ),
        (
            Choice::Never,
            Charset::Unicode,
            Charset::Unicode,
            Charset::Unicode,
        ),
        (
            Choice::Always,
            Charset::Ascii,
            Charset::Ascii,
            Charset::Ascii,
        ),
    ] {
        let settings = settings(ascii);
        assert_eq!(settings.charset(&unicode), there, "{ascii:?}");
        assert_eq!(settings.charset(&Terminal::default()), elsewhere);
        assert_eq!(settings.file_charset(), file);
    }
}

#[test]
fn colours_are_as_many_as_told_else_as_can_be_shown() {
    let terminal = Terminal {
        term: "xterm-256color".into(),
        ..Terminal::default()
    };
    for (text, depth) in [
        ("", Depth::Indexed),
        ("colours = 'truecolor'", Depth::True),
        ("colors = 16", Depth::Sixteen),
        ("colours = 'none'", Depth::None),
        ("colour = 'never'\ncolours = 256", Depth::None),
    ] {
        let (settings, errors) = merge(&[entries(text)]);
        assert_eq!(
            (settings.depth(&terminal), errors),
            (depth, vec![]),
            "{text}"
        );
    }
    assert!(errors_of("colours = 8")[0].contains("use \"auto\", \"16\""));
    assert!(errors_of("theme = '../x'")[0].contains("themes/NAME.toml"));
}

#[test]
fn an_absent_file_is_no_error_and_an_unreadable_one_is() {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::find(Some(home.path().into())).unwrap();
    assert_eq!(
        load(Some(&paths), std::iter::empty(), vec![]),
        (Settings::default(), vec![])
    );
    std::fs::create_dir_all(paths.config_file()).unwrap();
    let (settings, errors) = load(Some(&paths), std::iter::empty(), vec![]);
    assert_eq!(settings, Settings::default());
    assert!(
        errors[0]
            .to_string()
            .contains("config.toml: cannot be read")
    );
}
