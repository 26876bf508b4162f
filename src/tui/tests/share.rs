//! Copying, exporting, the palette and the sources: keys in, bytes, files and screens out.

use base64::Engine as _;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::harness::{Harness, break_chain_at, engine, engine_of, event, events, library, noon};
use super::updates::{key, started};
use crate::config::Clipboard;
use crate::engine::{Hit, SourceInfo};
use crate::event::{Event, Verdict};
use crate::export::Format;
use crate::query::Query;
use crate::runbook::Library;
use crate::tui::Options;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::share::{News, Setup, Share, Written, command};
use crate::tui::theme::Role;
use crate::tui::update::update;
use crate::tui::verb::Verb;

fn model_of(event: Event) -> Model {
    let hit = Hit {
        event: event.into(),
        verdict: Verdict::Unchained,
    };
    started(vec![hit], false).0
}

/// What the effects put on the clipboard.
fn copied(effects: &[Effect]) -> String {
    let [Effect::Wire(bytes)] = effects else {
        panic!("nothing was copied: {effects:?}");
    };
    let text = std::str::from_utf8(bytes).unwrap();
    let encoded = text.strip_prefix("\x1b]52;c;").unwrap();
    let encoded = encoded.strip_suffix('\x07').unwrap();
    let bytes = base64::prelude::BASE64_STANDARD.decode(encoded).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn said(model: &Model) -> String {
    model.said.clone().map(|s| s.1).unwrap_or_default()
}

fn share_of(effects: Vec<Effect>) -> Share {
    let found = effects.into_iter().find_map(|e| match e {
        Effect::Share(share) => Some(*share),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn y_copies_the_value_under_the_cursor() {
    let mut model = model_of(event(1));
    assert_eq!(copied(&key(&mut model, 'y')), "bob@corp");
    assert_eq!(
        said(&model),
        "copied actor, if the terminal lets it: 8 bytes"
    );
    key(&mut model, 'l');
    assert_eq!(copied(&key(&mut model, 'y')), "action-1");
    update(
        &mut model,
        Message::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)),
    );
    // In the detail: the first line is the time, the next one the actor.
    let first = copied(&key(&mut model, 'y'));
    key(&mut model, 'j');
    let second = copied(&key(&mut model, 'y'));
    assert_ne!(first, second);
    assert!([first, second].contains(&"bob@corp".to_owned()));
}

#[test]
fn what_acts_on_a_terminal_is_shown_in_copies() {
    let mut model = model_of(Event {
        actor: Some("a\u{1b}[2J\nrm -rf /\n".into()),
        raw: b"one\x1b]0;x\x07\ntwo\xff".to_vec().into(),
        ..event(1)
    });
    assert_eq!(copied(&key(&mut model, 'y')), "a␛[2J␊rm -rf /␊");
    assert_eq!(copied(&key(&mut model, 'c')), "one␛]0;x␇\ntwo\\xff");
}

#[test]
fn what_is_too_long_or_not_wanted_on_the_clipboard_goes_to_a_file_or_nowhere() {
    let mut model = model_of(Event {
        raw: vec![b'x'; 80_000].into(),
        ..event(1)
    });
    assert!(key(&mut model, 'c').is_empty());
    assert!(said(&model).contains("too long"), "{}", said(&model));
    model.share.setup.folder = Some("/state/copies".into());
    let Share::CopyToFile { folder, text, .. } = share_of(key(&mut model, 'c')) else {
        panic!("no file");
    };
    assert_eq!((folder, text.len()), ("/state/copies".into(), 80_000));
    model.share.setup.clipboard = Clipboard::File;
    assert!(matches!(
        share_of(key(&mut model, 'y')),
        Share::CopyToFile { .. }
    ));
    model.share.setup.clipboard = Clipboard::Off;
    assert!(key(&mut model, 'y').is_empty());
    assert!(said(&model).contains("copying is off"));
}

#[test]
fn a_view_becomes_a_command_with_absolute_times() {
    let zone = "Europe/Vienna".parse().unwrap();
    let paths = ["/var/log/it's here".into(), "-".into()];
    for (query, want) in [
        (
            "",
            "auditty search '*' '/var/log/it'\\''s here' - --tz Europe/Vienna",
        ),
        (
            "actor:alice* since:2h until:\"today 14:00\"",
            "auditty search 'actor:alice*' '/var/log/it'\\''s here' - --since 2026-03-01T13:00Z \
             --until 2026-03-01T13:00Z --tz Europe/Vienna",
        ),
        (
            "-action:get",
            "auditty search --tz Europe/Vienna -- '-action:get' '/var/log/it'\\''s here' -",
        ),
        (
            "since:1h OR actor:bob",
            "auditty search 'since:2026-03-01T14:00Z OR actor:bob' '/var/log/it'\\''s here' - --tz Europe/Vienna",
        ),
    ] {
        let parsed = Query::parse(query).unwrap();
        let shown = command(&parsed, noon(), zone, &paths, None, None);
        assert_eq!(shown, want, "{query}");
    }
    let columns = ["time".to_owned(), "a b".to_owned()];
    let all = Query::default();
    assert_eq!(
        command(&all, noon(), zone, &[], Some(&columns), Some(3)),
        "auditty search '*' --fields 'time,a b' --sort asc --tz Europe/Vienna"
    );
}

#[test]
fn y_in_capitals_copies_the_view() {
    let mut model = model_of(event(1));
    model.share.setup.paths = vec!["/var/log/audit".into()];
    assert_eq!(
        copied(&key(&mut model, 'Y')),
        "auditty search '*' /var/log/audit --tz UTC"
    );
    // What the command cannot carry along is said.
    let said = |model: &mut Model| {
        key(model, 'Y');
        model.said.clone().unwrap().1
    };
    let shown = said(&mut model);
    assert!(
        shown.starts_with("copied this view as a command, if"),
        "{shown}"
    );
    assert!(
        shown.ends_with("auditty search '*' /var/log/audit --tz UTC"),
        "{shown}"
    );
    model.info.sources = vec![SourceInfo {
        format: "text".into(),
        format_chosen: true,
        ..SourceInfo::default()
    }];
    assert!(said(&mut model).contains("(read as text only where that was chosen)"));
    model.share.setup.passing = true;
    assert!(said(&mut model).contains("(these files go when you quit)"));
}

fn ctrl_c() -> Message {
    Message::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL))
}

fn type_line(model: &mut Model, text: &str) -> Vec<Effect> {
    for c in text.chars() {
        key(model, c);
    }
    update(
        model,
        Message::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)),
    )
}

#[test]
fn ctrl_c_stops_the_export_first_and_says_what_became_of_it() {
    let mut model = model_of(event(1));
    model.share.setup.who = "bob on bastion".into();
    let Share::Export(export) = share_of(type_line(&mut model, ":export report /tmp/x.md")) else {
        panic!("no export");
    };
    assert_eq!(
        (export.format, &*export.who),
        (Format::Report, "bob on bastion")
    );
    assert_eq!(export.path, std::path::Path::new("/tmp/x.md"));
    let job = export.job;
    update(
        &mut model,
        Message::Shared(News::Progress { job, events: 1_000 }),
    );
    assert!(
        model.hint().1.contains("exporting: 1,000"),
        "{:?}",
        model.hint()
    );
    type_line(&mut model, ":export csv /tmp/y.csv");
    let Some(Overlay::Palette(palette)) = &model.overlay else {
        panic!("a second export was begun");
    };
    assert!(
        palette
            .preview
            .as_ref()
            .unwrap()
            .1
            .contains("still being written")
    );
    let effects = update(&mut model, ctrl_c());
    assert!(matches!(share_of(effects), Share::CancelExport));
    let result = Err("stopped; no file was left".to_owned());
    update(&mut model, Message::Shared(News::Exported { job, result }));
    assert!(model.share.export.is_none());
    assert!(said(&model).contains("no file was left"));
}

/// While indexing goes on, more may match than was written: that is no good news.
#[test]
fn an_export_of_a_part_says_so() {
    for (complete, role) in [(true, Role::Good), (false, Role::Warning)] {
        let mut model = model_of(event(1));
        let Share::Export(job) = share_of(type_line(&mut model, ":export csv /tmp/out.csv")) else {
            panic!("no export");
        };
        let result = Ok(Written {
            events: 1,
            bytes: 9,
            complete,
            is_log: false,
        });
        let news = News::Exported {
            job: job.job,
            result,
        };
        update(&mut model, Message::Shared(news));
        let (said, text) = model.said.clone().unwrap();
        assert_eq!(
            (said, text.contains("NOT everything")),
            (role, !complete),
            "{text}"
        );
    }
}

#[test]
fn every_command_and_verb_is_found_in_the_palette_by_its_name() {
    let mut model = model_of(event(1));
    let names = Command::ALL.iter().map(|c| c.name());
    for name in names.chain(Verb::ALL.iter().map(|v| v.name())) {
        key(&mut model, ':');
        for c in name.chars() {
            key(&mut model, c);
        }
        let Some(Overlay::Palette(palette)) = &model.overlay else {
            panic!("no palette for {name}");
        };
        let first = palette.selected().map(|r| r.text.trim().to_owned());
        assert_eq!(first.as_deref(), Some(name));
        update(
            &mut model,
            Message::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)),
        );
        assert!(model.overlay.is_none());
    }
}

#[test]
fn every_command_runs_from_the_palette() {
    for command in Command::ALL {
        let mut h = Harness::with(80, 24, events(10), library(), Options::default());
        h.keys(&format!(":{}<enter>", command.name()));
        let is_open = matches!(h.model().overlay, Some(Overlay::Palette(_)));
        let opens = matches!(command, Command::Palette | Command::Export);
        assert_eq!(is_open, opens, "{}:\n{}", command.name(), h.screen());
    }
}

#[test]
fn a_command_of_a_pane_that_is_not_in_use_says_where_it_works() {
    let mut h = Harness::with(80, 24, events(10), library(), Options::default());
    h.keys(":toggle-chip<enter>")
        .shows("toggle-chip works in: filters");
    h.keys("f:sort-facets<enter>").shows("rarest");
    h.keys("<esc>:pivot-ip<enter>").shows("ip:203.0.113.7");
}

#[test]
fn lines_with_arguments_run_and_are_shown_before() {
    let mut h = Harness::new(80, 24, events(100));
    h.keys(":query outcome:failure").shows("10 events");
    h.keys("<enter>").shows("10 of 100").hides("action-99");
    h.keys(":query nobody:").shows("query error");
    h.keys("<enter>").shows("query error");
    h.keys("<esc>");
    h.keys("<backspace>");
    h.keys(":goto 14:59:00")
        .shows("2026-03-01 14:59:00.000 UTC");
    h.keys("<enter>");
    h.keys(":goto soon<enter>").shows("is no time");
    h.keys("<esc>");
    h.keys(":since 30s<enter>").shows("since:30s");
    h.keys(":since 10s<enter>")
        .shows("since:10s")
        .hides("since:30s");
    h.keys(":tz Europe/Vienna")
        .shows("16:00:00.000 Europe/Vienna");
    h.keys("<enter>").shows("times are shown in Europe/Vienna");
    h.keys(":nonsense words<enter>")
        .shows("there is no command");
    h.keys("<esc>");
    h.keys(":goto<enter>").shows(": goto");
    h.keys("<esc>");
    h.keys(":").shows("again");
    h.keys("<esc>");
}

#[test]
fn fuzzy_names_tab_and_arrows_choose() {
    let mut h = Harness::with(80, 24, events(20), library(), Options::default());
    h.keys(":fol<enter>").shows("not following");
    h.keys(":exp<tab>").shows(": export");
    h.keys("<esc>");
    h.keys(":tz vienna<tab>").shows(": tz Europe/Vienna");
    h.keys("<esc>");
    h.keys(":runbook who<enter>").shows("Who did it?");
}

#[test]
fn w_exports_to_a_new_private_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        share: Setup {
            home: Some(home.path().to_owned()),
            ..Setup::default()
        },
        ..Options::default()
    };
    let mut h = Harness::with(120, 30, events(1_500), Library::default(), options);
    h.keys("W").shows("jsonl").shows("access report");
    h.keys("jsonl ~/out.jsonl<enter>");
    h.until(|h| h.screen().contains("wrote 1,500 events"));
    let path = home.path().join("out.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1_500);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    h.keys(":export csv ~/out.jsonl<enter>");
    h.until(|h| h.screen().contains("exists already"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    // Chosen from the list: the name is offered first, then written.
    h.keys("Wrep<enter>")
        .shows("access-report-20260301T150000Z.md");
    h.keys("<enter>");
    h.until(|h| h.screen().contains("wrote 1,500 events"));
    let report = home.path().join("access-report-20260301T150000Z.md");
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains("| events that match | 1500 |"), "{report}");
    assert!(report.contains("Events listed above: 1500."));
}

#[test]
fn a_source_is_read_as_another_format_that_is_offered() {
    use crate::tui::runner::ReadAs;
    use std::sync::{Arc, Mutex};
    let mut h = Harness::over(engine(5), 80, 24, Library::default(), Options::default());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let into = asked.clone();
    let note = move |source: &str, format: Option<&str>| {
        into.lock()
            .unwrap()
            .push((source.to_owned(), format.map(str::to_owned)));
    };
    h.runner().read_by(Some(ReadAs(Arc::new(note))));
    h.keys("Sf")
        .shows("what its content shows")
        .shows("Kubernetes audit");
    h.keys("txt<enter>")
        .shows("there is no format \"txt\" (did you mean `text`?)");
    h.keys("<ctrl+u>text<enter>")
        .shows("read again as text")
        .shows("SOURCES");
    h.keys("fauto<enter>").shows("read again by its content");
    let source = "/var/log/audit.log".to_owned();
    let want = [(source.clone(), Some("text".to_owned())), (source, None)];
    assert_eq!(*asked.lock().unwrap(), want);
}

#[test]
fn y_copies_what_the_pane_in_use_has_under_its_cursor() {
    let mut h = Harness::over(engine(100), 120, 40, library(), Options::default());
    for (keys, want) in [
        ("/actor:alice*<enter>fgj", "actor:alice*"),
        ("<backspace>fgjj", "alice@corp"),
        ("<esc>H", "since:"),
        (
            "<esc>R<enter><ctrl+u>alice@corp<enter>",
            "actor:\"alice@corp\"",
        ),
    ] {
        h.keys(keys);
        let copy = copied(&key(h.model_mut(), 'y'));
        assert!(copy.starts_with(want), "{keys}: {copy}");
        h.keys("<esc><esc>");
    }
}

#[test]
fn a_look_is_shown_before_it_is_chosen() {
    let mut h = Harness::over(engine(5), 80, 24, Library::default(), Options::default());
    let (before, columns) = (h.styles(), h.screen());
    h.keys(":theme high-contrast");
    assert_ne!(h.styles(), before);
    h.keys("<esc>");
    assert_eq!(h.styles(), before);
    h.keys(":theme <down>");
    h.keys("<esc>:columns time,ip").shows("Enter keeps it");
    h.keys("<esc>");
    assert_eq!((h.styles(), h.screen()), (before.clone(), columns));
    h.keys(":columns time,ip<enter>").hides("alice@corp");
    h.keys(":theme light<enter>")
        .shows("theme = \"light\" in config.toml keeps");
    assert_ne!(h.styles(), before);
    h.keys(":q!");
    let enter = Message::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
    let left = update(h.model_mut(), enter);
    assert!(matches!(left[..], [Effect::Quit]), "{left:?}");
}

#[test]
fn sources_are_muted_shown_alone_and_searched_for_breaks() {
    let mut all = events(40);
    for (n, event) in all.iter_mut().enumerate() {
        if n % 2 == 0 {
            event.source = "/var/log/other.log".into();
        }
    }
    let engine = engine_of(all);
    break_chain_at(&engine, 21);
    let mut h = Harness::over(engine, 80, 24, Library::default(), Options::default());
    h.keys("S")
        .shows("2 sources")
        .shows("1 break")
        .shows("k8s-audit");
    h.keys(" ").shows("muted").shows("20 of 40");
    h.keys(" ").shows("40 of 40");
    h.keys("j<enter>")
        .shows("source:\"/var/log/other.log\"")
        .shows("20 of 40");
    h.keys("<backspace>S").keys("x");
    assert_eq!(h.selected_action(), "action-21");
    h.keys("Sjx").shows("there is no break");
    h.keys("SS");
    assert!(h.model().overlay.is_none());
}
