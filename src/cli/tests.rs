//! Commands run against an engine that holds a few events, with their output caught.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::{CommandFactory, Parser};

use super::app::{App, grouped, size};
use super::args::{Cli, Command, SearchArgs};
use super::exit::{Exit, Failure, code};
use super::*;
use crate::chain::ChainReport;
use crate::config::{Settings, Terminal};
use crate::engine::{
    Cancel, Covers, Engine, EngineError, Facet, Hit, Info, SearchPage, SearchRequest, Sort,
    SourceInfo, Tail, TailItem, TailRequest,
};
use crate::event::{Event, EventId, Order, Timestamp, Verdict, Zone};
use crate::export::Style;
use crate::query::{Notice, Query, QueryError};
use crate::text::Charset;

#[derive(Clone, Default)]
pub(super) struct Caught(Arc<Mutex<Vec<u8>>>);

impl Write for Caught {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn printed(caught: &Caught) -> String {
    String::from_utf8(caught.0.lock().unwrap().clone()).unwrap()
}

fn app_with(out: impl Write + 'static, err: Caught) -> App {
    App {
        settings: Settings::default(),
        paths: None,
        terminal: Terminal::default(),
        errors: Vec::new(),
        style: Style {
            terminal: false,
            colour: false,
            width: 80,
            charset: Charset::Unicode,
            zone: Zone::Utc,
        },
        out: Box::new(out),
        err: Box::new(err),
        err_is_terminal: false,
        err_charset: Charset::Unicode,
        now: Timestamp::parse("2026-03-01T16:00:00Z").unwrap(),
    }
}

pub(super) fn app() -> (App, Caught) {
    let out = Caught::default();
    (app_with(out.clone(), Caught::default()), out)
}

/// Answers every query with all its events; pages, sorts and counts as an engine does.
#[derive(Default)]
pub(super) struct FakeEngine {
    /// Oldest first.
    events: Vec<Hit>,
    notices: Vec<Notice>,
    covers: Covers,
    sources: Vec<SourceInfo>,
    pub(super) reports: Mutex<VecDeque<Vec<Arc<ChainReport>>>>,
    limits_asked: Mutex<Vec<usize>>,
}

pub(super) struct FakeTail(VecDeque<Option<TailItem>>);

impl FakeEngine {
    fn with(count: i64) -> Self {
        let hit = |i: i64| Hit {
            event: Arc::new(Event {
                id: EventId(i as u128),
                ts: Some(Timestamp(i)),
                actor: Some(format!("a{i}")),
                order: Order {
                    ts: i,
                    ..Order::default()
                },
                raw: format!("raw {i}").into(),
                ..Event::default()
            }),
            verdict: Verdict::Unchained,
        };
        Self {
            events: (0..count).map(hit).collect(),
            covers: Covers {
                complete: true,
                ..Covers::default()
            },
            ..Self::default()
        }
    }

    pub(super) fn tail_of(&self, items: Vec<Option<TailItem>>) -> FakeTail {
        FakeTail(items.into())
    }
}

impl Tail for FakeTail {
    fn recv(&mut self, _timeout: Duration) -> Result<Option<TailItem>, EngineError> {
        self.0.pop_front().ok_or(EngineError::Cancelled)
    }
}

impl Engine for FakeEngine {
    fn search(&self, request: &SearchRequest, _cancel: &Cancel) -> Result<SearchPage, EngineError> {
        self.limits_asked.lock().unwrap().push(request.limit);
        let mut hits = self.events.clone();
        if request.sort == Sort::Desc {
            hits.reverse();
        }
        if let Some(cursor) = &request.cursor {
            hits.retain(|hit| match request.sort {
                Sort::Asc => hit.event.sort_key() > cursor.key,
                Sort::Desc => hit.event.sort_key() < cursor.key,
            });
        }
        let more = hits.len() > request.limit;
        hits.truncate(request.limit);
        let facets = request.facets.iter().map(|facet| Facet {
            field: facet.field.clone(),
            values: vec![("v".into(), 2)],
            other: 0,
            missing: 1,
        });
        Ok(SearchPage {
            hits,
            more,
            total: if request.want_total {
                self.events.len() as u64
            } else {
                0
            },
            facets: facets.collect(),
            notices: self.notices.clone(),
            ..SearchPage::default()
        })
    }

    fn event(&self, _id: EventId) -> Result<Option<Hit>, EngineError> {
        Ok(None)
    }

    fn tail(&self, _request: &TailRequest) -> Result<Box<dyn Tail>, EngineError> {
        Err(EngineError::Unsupported("follow"))
    }

    fn verify(&self) -> Result<Vec<Arc<ChainReport>>, EngineError> {
        let mut reports = self.reports.lock().unwrap();
        let next = if reports.len() > 1 {
            reports.pop_front()
        } else {
            reports.front().cloned()
        };
        Ok(next.unwrap_or_default())
    }

    fn info(&self) -> Info {
        Info {
            covers: self.covers.clone(),
            sources: self.sources.clone(),
            ..Info::default()
        }
    }
}

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("auditty").chain(line.split_whitespace()))
}

fn search_args(line: &str) -> SearchArgs {
    match parse(&format!("search {line}")).unwrap().command {
        Some(Command::Search(args)) => args,
        other => panic!("{other:?}"),
    }
}

/// Runs a search; returns its end, what went to stdout and what to stderr.
fn searched(engine: &FakeEngine, line: &str) -> (Exit, String, String) {
    let (out, err) = (Caught::default(), Caught::default());
    let mut app = app_with(out.clone(), err.clone());
    let (exit, _) = search::answer(
        engine,
        Query::default(),
        &search_args(line),
        &Cancel::default(),
        &mut app,
    )
    .unwrap();
    (exit, printed(&out), printed(&err))
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
    for good in [
        "",
        "/var/log -",
        "./search",
        "--tz europe/vienna /var/log",
        "demo --ascii",
        "search actor:x . --since 2h --until 1h --limit 5 --sort asc --format csv --fields a,b --tz local",
        "search -actor:x .",
        "search * --count",
        "search * --facet actor --facet ip",
        "search * --since -2h",
        "tail * - --format jsonl",
        "verify a --format json --watch",
        "index",
        "index a b",
        "index status",
        "index clear --yes",
        "formats",
        "formats list",
        "formats detect f",
        "formats check f --format syslog --max-unparsed 5",
        "formats show k8s-audit",
        "runbook list",
        "runbook show leak",
        "completions bash",
    ] {
        assert!(parse(good).is_ok(), "{good}: {}", parse(good).unwrap_err());
    }
    for bad in [
        "search",
        "search * --limit 0",
        "search * --format xml",
        "search * --count --fields a",
        "search * --tz Mars",
        "search * . --nonsense",
        "completions nosh",
        "runbook",
        "verify --format csv",
    ] {
        let error = parse(bad).expect_err(bad);
        assert!(error.use_stderr(), "{bad}");
    }
}

#[test]
fn queries_may_begin_with_a_minus_and_flags_stay_flags() {
    let args = search_args("-actor:x . --limit 5");
    assert_eq!(
        (args.query.as_str(), args.limit.map(usize::from)),
        ("-actor:x", Some(5))
    );
    let args = search_args("--limit 5 -actor:x .");
    assert_eq!(
        (args.query.as_str(), args.limit.map(usize::from)),
        ("-actor:x", Some(5))
    );
    let (app, _) = app();
    let failure = problem::read_query("--limt", None, None, &app).unwrap_err();
    assert!(matches!(failure, Failure::Usage(message) if message.contains("--limt")));
}

#[test]
fn flags_are_the_topmost_layer() {
    let cli = parse("--tz Europe/Vienna --color never --ascii --no-exec search x").unwrap();
    assert!(matches!(cli.command, Some(Command::Search(_))));
    let (settings, errors) = crate::config::merge(&[cli.global.layer()]);
    assert_eq!(errors, []);
    assert_eq!(settings.zone.to_string(), "Europe/Vienna");
    assert!(!settings.exec && !settings.use_colour(true, &Terminal::default()));
    assert_eq!(settings.file_charset(), Charset::Ascii);
}

#[test]
fn exit_codes() {
    for (result, want) in [
        (Ok(Exit::Ok), 0),
        (Ok(Exit::NoMatch), 1),
        (Ok(Exit::Alarm), 3),
        (Ok(Exit::Failed), 5),
        (Err(Failure::Closed), 0),
        (Err(Failure::Usage(String::new())), 2),
        (Err(Failure::Failed(String::new())), 5),
        (Err(io::Error::from(io::ErrorKind::BrokenPipe).into()), 0),
        (Err(io::Error::from(io::ErrorKind::StorageFull).into()), 5),
        (Err(EngineError::Index("x".into()).into()), 5),
        (
            Err(EngineError::Query(QueryError {
                column: 1,
                width: 1,
                message: String::new(),
            })
            .into()),
            2,
        ),
        (Err(open::OpenError::NothingToOpen.into()), 2),
        (Err(open::OpenError::Failed(String::new()).into()), 5),
    ] {
        assert_eq!(code(&result), want, "{result:?}");
    }
}

#[test]
fn search_pages_through_everything_once() {
    let engine = FakeEngine::with(2500);
    let (exit, out, err) = searched(&engine, "* --format raw");
    let want: String = (0..2500).rev().map(|i| format!("raw {i}\n")).collect();
    assert_eq!((exit, out, err.as_str()), (Exit::Ok, want, ""));
    assert_eq!(*engine.limits_asked.lock().unwrap(), [1000, 1000, 1000]);
    let (_, out, _) = searched(&engine, "* --format raw --sort asc --limit 1002");
    let want: String = (0..1002).map(|i| format!("raw {i}\n")).collect();
    assert_eq!(out, want);
}

#[test]
fn tables_stop_at_a_thousand_and_say_so() {
    let (exit, out, err) = searched(&FakeEngine::with(12_345), "*");
    assert_eq!((exit, out.lines().count()), (Exit::Ok, 1001));
    assert_eq!(
        err,
        "auditty: the newest 1,000 of 12,345 events; --limit N shows more\n"
    );
    let (_, out, err) = searched(&FakeEngine::with(1000), "*");
    assert_eq!((out.lines().count(), err.as_str()), (1001, ""));
    let (_, out, err) = searched(&FakeEngine::with(1200), "* --limit 1100");
    assert_eq!((out.lines().count(), err.as_str()), (1101, ""));
}

#[test]
fn counting_and_facets() {
    assert_eq!(
        searched(&FakeEngine::with(3), "* --count"),
        (Exit::Ok, "3\n".into(), String::new())
    );
    assert_eq!(
        searched(&FakeEngine::with(0), "* --count"),
        (Exit::NoMatch, "0\n".into(), String::new())
    );
    assert_eq!(searched(&FakeEngine::with(0), "*").0, Exit::NoMatch);
    let (exit, out, _) = searched(
        &FakeEngine::with(3),
        "* --facet actor --facet .user --format csv",
    );
    assert_eq!(
        (exit, out.as_str()),
        (Exit::Ok, "actor,count\nv,2\n.user,count\nv,2\n")
    );
}

#[test]
fn notices_are_told_safely() {
    let notices = vec![
        Notice::UnknownField {
            field: "a\u{1b}".into(),
            quoted: "\"a:b\"".into(),
        },
        Notice::AllOlder {
            newest: Timestamp(0),
        },
    ];
    let (_, _, err) = searched(
        &FakeEngine {
            notices,
            ..FakeEngine::with(0)
        },
        "*",
    );
    assert_eq!(
        err,
        "auditty: no event here has a field a␛; to look for the words, write \"a:b\"\nauditty: everything is older; the newest event is of 1970-01-01 00:00:00.000 UTC\n"
    );
}

#[test]
fn what_is_unread_is_told() {
    let err = Caught::default();
    let mut app = app_with(Caught::default(), err.clone());
    let complete = Covers {
        complete: true,
        ..Covers::default()
    };
    let well = FakeEngine::with(1);
    assert!(!problem::tell_unread(&well, &complete, &mut app));
    let source = SourceInfo {
        name: "x".into(),
        error: Some("owned by root".into()),
        ..SourceInfo::default()
    };
    let engine = FakeEngine {
        sources: vec![source],
        ..FakeEngine::with(1)
    };
    assert!(problem::tell_unread(&engine, &complete, &mut app));
    // It is the answer's own cover that counts, not what the engine covers by now.
    assert!(problem::tell_unread(&well, &Covers::default(), &mut app));
    assert_eq!(
        printed(&err),
        "auditty: x: owned by root\nauditty: not everything was searched\n"
    );
}

#[test]
fn a_closed_pipe_ends_quietly() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut app = app_with(Closed, Caught::default());
    let result = search::answer(
        &FakeEngine::with(5),
        Query::default(),
        &search_args("* --format jsonl"),
        &Cancel::default(),
        &mut app,
    );
    assert!(matches!(result, Err(Failure::Closed)));
    assert_eq!(code(&result.map(|(exit, _)| exit)), 0);
}

#[test]
fn tail_prints_final_events_as_they_come() {
    let engine = FakeEngine::with(3);
    let provisional = Hit {
        event: Arc::new(Event {
            provisional: true,
            ..Event::default()
        }),
        verdict: Verdict::Pending,
    };
    let items = vec![
        Some(TailItem::Events(vec![
            engine.events[0].clone(),
            provisional,
        ])),
        None,
        Some(TailItem::Lagged(7)),
        Some(TailItem::Changed),
        Some(TailItem::Events(vec![engine.events[1].clone()])),
    ];
    let (out, err) = (Caught::default(), Caught::default());
    let mut app = app_with(out.clone(), err.clone());
    let mut exporter = crate::export::exporter(crate::export::Format::Raw, None, app.style);
    let exit = tail::follow(&mut engine.tail_of(items), &mut *exporter, &mut app).unwrap();
    assert_eq!((exit, printed(&out).as_str()), (Exit::Ok, "raw 0\nraw 1\n"));
    assert!(printed(&err).contains("7 events"));
    let exit = tail::follow(&mut engine.tail_of(vec![]), &mut *exporter, &mut app).unwrap();
    assert_eq!(exit, Exit::NoMatch);
}

#[test]
fn query_errors_point_at_the_place() {
    let told = |typed: &str, column: usize, width: usize| {
        let err = Caught::default();
        let mut app = app_with(Caught::default(), err.clone());
        let error = QueryError {
            column,
            width,
            message: "m".into(),
        };
        app.talk(&problem::pointed(typed, &error, app.err_charset));
        printed(&err)
    };
    let first = |column| format!("auditty: query error at column {column}: m\n");
    assert_eq!(
        told("actor:\u{1b}é日 x", 7, 3),
        first(7) + "  actor:␛é日 x\n        ^^^^\n"
    );
    assert_eq!(
        told("\u{200b}:", 2, 1),
        first(2) + "  \\u{200b}:\n          ^\n"
    );
    assert_eq!(told("a:", 3, 1), first(3) + "  a:\n    ^\n");
    assert_eq!(told("", 0, 0), first(0) + "  \n  ^\n");
    let far = told(&"a".repeat(4000), 1001, 3000);
    let line = format!("  ... {}", "a".repeat(180));
    assert_eq!(
        far,
        first(1001) + &line + "\n" + &" ".repeat(66) + &"^".repeat(60) + "\n"
    );
}

#[test]
fn numbers_for_people() {
    assert_eq!(
        [grouped(0), grouped(999), grouped(1000), grouped(1_204_331)],
        ["0", "999", "1,000", "1,204,331"]
    );
    assert_eq!(
        [size(999), size(1_000), size(1_234_567_890)],
        ["999 B", "1.0 kB", "1.2 GB"]
    );
}

#[test]
fn completions_cover_the_commands() {
    for shell in [
        clap_complete::Shell::Bash,
        clap_complete::Shell::Zsh,
        clap_complete::Shell::Fish,
    ] {
        let (mut app, out) = app();
        completions::run(shell, &mut app).unwrap();
        assert!(printed(&out).contains("verify"));
    }
}

#[test]
fn help_reads_well() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../tests/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    let _guard = settings.bind_to_scope();
    let mut help = String::new();
    let mut command = Cli::command().term_width(100);
    command.build();
    help.push_str(&command.render_help().to_string());
    for name in ["search", "verify"] {
        help.push_str(&format!("\n==== {name}\n"));
        let sub = command.find_subcommand_mut(name).unwrap();
        help.push_str(&sub.render_help().to_string());
    }
    insta::assert_snapshot!("help", help);
}
