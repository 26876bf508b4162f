//! How fast it is: `cargo bench --bench speed -- --events 1000000`.
//!
//! Prints one table. Other programs (lnav, ripgrep, DuckDB, SQLite; `peers/install` gets them) run on the same file in the
//! same run, so that ratios can be compared between machines; absolute goals are met or not on this one. The log is made anew, the same bytes for
//! the same number of events, in a temporary folder or in `--folder DIR`, where it is kept for the next run; its index
//! likewise, or in `--home DIR`.
//! `--only NAME,NAME` runs the groups of these names alone: start, index, search, runbook, append, explorer, process, verify,
//! kinds, follow, memory. `--flood SECONDS` says how long the flood of `follow` lasts. `--write FILE` also writes the table as
//! tab-separated values, of which README shows a part. `--memory FILE` takes ten minutes more: it writes how much memory is
//! used from second to second, of which README shows a figure.
//! `--formats` measures something else instead: how fast each format reads its fixtures.

#![allow(clippy::print_stdout, reason = "the table is the result")]

mod databases;
mod explorer;
mod follow;
mod formats;
mod generate;
mod kinds;
mod memory;
mod process;
mod queries;
mod runbook;
mod table;
mod terminal;
mod verify;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use self::process::{Run, auditty, folder_size, installed, run};
use self::table::{Peer, Row, Times, megabytes, time};
use self::terminal::Screen;

const STARTS: usize = 7;
const APPENDS: u64 = 50;
const PATIENCE: Duration = Duration::from_secs(60);
/// Above so many events lnav takes gigabytes of memory.
const LNAV_UP_TO: u64 = 1_000_000;
const LNAV_FORMAT: &str = include_str!("lnav/k8s_audit.json");

struct Settings {
    events: u64,
    folder: Option<PathBuf>,
    /// Where the index of the whole log is kept.
    home: Option<PathBuf>,
    /// Beginnings of the groups that are run.
    only: Vec<String>,
    formats: bool,
    /// Seconds.
    flood: u64,
    write: Option<PathBuf>,
    memory: Option<PathBuf>,
}

/// Where everything is.
struct Bench {
    settings: Settings,
    log: PathBuf,
    bytes: u64,
    /// Homes and settings of this run.
    scratch: tempfile::TempDir,
}

/// Makes the rows of one group.
type Measure = fn(&Bench) -> Result<Vec<Row>, String>;

fn main() -> Result<(), String> {
    let settings = settings(std::env::args().skip(1))?;
    if settings.formats {
        return formats::run();
    }
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let folder = settings.folder.clone();
    let folder = folder.unwrap_or_else(|| scratch.path().to_owned());
    let log = folder.join(format!("kubernetes-{}.log", settings.events));
    if !log.exists() {
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        generate::write(&log, settings.events).map_err(|e| e.to_string())?;
    }
    let bytes = fs::metadata(&log).map_err(|e| e.to_string())?.len();
    let bench = Bench {
        settings,
        log,
        bytes,
        scratch,
    };
    let title = format!(
        "{} Kubernetes audit events, {}, {} processors",
        bench.settings.events,
        megabytes(bytes),
        std::thread::available_parallelism().map_or(1, usize::from),
    );
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{title}, load {}", load.trim());
    let groups: [(&str, Measure); 11] = [
        ("start", Bench::cold_start),
        ("index", Bench::index),
        ("search", Bench::search),
        ("runbook", Bench::runbook),
        ("explorer", Bench::explorer),
        ("process", Bench::processes),
        ("verify", Bench::verify),
        ("append", Bench::warm_start_and_append),
        ("kinds", Bench::kinds),
        ("follow", Bench::follow),
        ("memory", Bench::memory),
    ];
    let mut rows = Vec::new();
    for (name, group) in groups {
        let only = &bench.settings.only;
        if only.iter().any(|only| name.starts_with(only)) {
            // A row that could not be had is said, and the others go on.
            match group(&bench) {
                Ok(more) => rows.extend(more),
                Err(error) => {
                    rows.push(Row::new(format!("{name} failed"), "see above"));
                    println!("{name}: {error}");
                }
            }
        }
    }
    table::print(&rows);
    match &bench.settings.write {
        Some(path) => fs::write(path, table::tsv(&title, &rows)).map_err(|e| e.to_string()),
        None => Ok(()),
    }
}

fn settings(mut arguments: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut settings = Settings {
        events: 100_000,
        folder: None,
        home: None,
        only: vec![String::new()],
        formats: false,
        flood: 10,
        write: None,
        memory: None,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--events" => {
                settings.events = value()?
                    .parse()
                    .ok()
                    .filter(|n| *n > 0)
                    .ok_or("--events needs a number above 0")?;
            }
            "--folder" => settings.folder = Some(value()?.into()),
            "--home" => settings.home = Some(value()?.into()),
            "--only" => settings.only = value()?.split(',').map(str::to_owned).collect(),
            "--formats" => settings.formats = true,
            "--write" => settings.write = Some(value()?.into()),
            "--memory" => settings.memory = Some(value()?.into()),
            "--flood" => {
                settings.flood = value()?.parse().map_err(|_| "--flood needs seconds")?;
            }
            // What cargo adds.
            "--bench" => {}
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(settings)
}

impl Bench {
    fn home(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The index of the whole log, made if it is not there yet.
    fn indexed(&self) -> Result<(PathBuf, Option<Run>), String> {
        let kept = self.settings.home.clone();
        let home = kept.unwrap_or_else(|| self.home("indexed"));
        if home.exists() {
            return Ok((home, None));
        }
        let run = run(auditty(&home).arg("index").arg(&self.log))?;
        Ok((home, Some(run)))
    }

    fn first_rows(
        &self,
        log: &Path,
        is_cold: bool,
        home: &dyn Fn(usize) -> PathBuf,
    ) -> Result<Times, String> {
        let mut times = Vec::with_capacity(STARTS);
        for number in 0..STARTS {
            if is_cold {
                process::drop_cached(log)?;
            }
            let mut screen = Screen::open(log, &home(number))?;
            let seen = screen.wait_for(generate::NEWEST_ACTOR, PATIENCE)?;
            times.push(seen - screen.start());
            screen.quit();
        }
        Ok(Times::new(times))
    }

    /// From the start of the program to the newest event on a terminal, with nothing indexed yet.
    fn cold_start(&self) -> Result<Vec<Row>, String> {
        let far = self.scratch.path().join("far.log");
        self.far(&far).map_err(|e| format!("a long file: {e}"))?;
        let mut rows = Vec::new();
        for (what, log, is_cold) in [
            ("start to first rows on a pty, no index", &self.log, false),
            ("  the file not in memory", &self.log, true),
            ("  a file of 50 GB, holes before its end", &far, false),
        ] {
            let name = |number| format!("start-{is_cold}-{number}-{}", log == &far);
            let times = self.first_rows(log, is_cold, &|number| self.home(&name(number)))?;
            let met = times.percentile(50) <= Duration::from_millis(100);
            rows.push(Row::new(what, times.to_string()).goal("<= 100 ms", Some(met)));
        }
        fs::remove_file(&far).map_err(|e| e.to_string())?;
        Ok(rows)
    }

    /// The begin of the log, a hole of 50 GB, and its end: as long as a file that nobody has room for.
    fn far(&self, path: &Path) -> std::io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        const PART: u64 = 1 << 20;
        const HOLE: u64 = 50_000_000_000;
        let mut log = fs::File::open(&self.log)?;
        let mut far = fs::File::create(path)?;
        let (mut head, mut tail) = (vec![0; PART.min(self.bytes) as usize], Vec::new());
        log.read_exact(&mut head)?;
        let end = head
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        far.write_all(&head[..end])?;
        log.seek(SeekFrom::Start(self.bytes.saturating_sub(PART)))?;
        log.read_to_end(&mut tail)?;
        let begin = tail.iter().position(|b| *b == b'\n').unwrap_or(0);
        far.seek(SeekFrom::Start(HOLE))?;
        far.write_all(&tail[begin..])
    }

    fn index(&self) -> Result<Vec<Row>, String> {
        let lnav = self.lnav();
        let (home, first) = self.indexed()?;
        let Some(first) = first else {
            return Err("the index was there already".into());
        };
        let of_lnav = |time: fn(&Run) -> Duration| {
            let took = lnav.as_ref().map(|run| run.as_ref().map(time));
            peer("lnav", took.map(|time| time.map_err(Clone::clone)))
        };
        let lnav_time = of_lnav(|run| run.wall);
        let met = match &lnav_time {
            Peer::Took(_, theirs) => Some(first.wall.as_secs_f64() <= 2.5 * theirs.as_secs_f64()),
            _ => None,
        };
        let speed = self.bytes as f64 / 1e6 / first.wall.as_secs_f64();
        let mut rows = vec![
            Row::new(
                "full indexing",
                format!("{} ({speed:.0} MB/s)", time(first.wall)),
            )
            .beside(first.wall, &lnav_time)
            .goal("<= 2.5 x lnav", met),
            Row::new("processor time of it", time(first.cpu))
                .beside(first.cpu, &of_lnav(|run| run.cpu)),
            Row::new("full indexing", time(first.wall))
                .beside(first.wall, &peer("rg -c", self.rg("\"verb\":\"get\""))),
        ];
        let mut memory = Row::new(
            "peak memory of it (own / with mapped files)",
            format!("{} / {}", megabytes(first.own), megabytes(first.rss)),
        )
        .goal("<= 300 MB", Some(first.rss <= 300_000_000));
        if let Some(Ok(lnav)) = &lnav {
            memory.peer = format!("lnav {} / {}", megabytes(lnav.own), megabytes(lnav.rss));
            memory.ratio = format!("{:.2}", first.rss as f64 / lnav.rss.max(1) as f64);
        }
        rows.push(memory);
        let size = folder_size(&home);
        let originals: u64 = self
            .dirs(&home)
            .iter()
            .filter_map(|dir| fs::metadata(dir.join("originals")).ok())
            .map(|meta| meta.len())
            .sum();
        let percent = |part: u64| 100.0 * part as f64 / self.bytes as f64;
        rows.push(
            Row::new(
                "index size, originals in it",
                format!(
                    "{} = {:.1} % of the log, {:.1} %",
                    megabytes(size),
                    percent(size),
                    percent(originals)
                ),
            )
            .goal("<= 25 %", Some(percent(size) <= 25.0)),
        );
        rows.extend(databases::rows(
            &self.log,
            self.settings.events,
            &home,
            &first,
        )?);
        let mut times = Vec::with_capacity(STARTS);
        for _ in 0..STARTS {
            times.push(run(auditty(&home).arg("index").arg(&self.log))?.wall);
        }
        let times = Times::new(times);
        let met = times.percentile(50) <= Duration::from_millis(100);
        rows.push(
            Row::new("second start (index again, nothing new)", times.to_string())
                .goal("<= 100 ms", Some(met)),
        );
        Ok(rows)
    }

    fn dirs(&self, home: &Path) -> Vec<PathBuf> {
        let indexes = home.join("cache").join("index");
        let entries = fs::read_dir(indexes).into_iter().flatten().flatten();
        entries.map(|e| e.path()).filter(|p| p.is_dir()).collect()
    }

    fn search(&self) -> Result<Vec<Row>, String> {
        let (home, _) = self.indexed()?;
        queries::rows(&self.dirs(&home), self.settings.events)
    }

    fn explorer(&self) -> Result<Vec<Row>, String> {
        let (home, _) = self.indexed()?;
        explorer::rows(&self.log, &home)
    }

    /// `auditty search` as a command beside ripgrep.
    fn processes(&self) -> Result<Vec<Row>, String> {
        let (home, _) = self.indexed()?;
        let mut rows = Vec::new();
        for (what, query, pattern) in [
            (
                "count of a rare word",
                generate::RARE_WORD,
                generate::RARE_WORD,
            ),
            (
                "count of denied looks at secrets",
                "objectRef.resource:secrets responseStatus.code:403",
                r#""objectRef":\{"resource":"secrets".*"code":403"#,
            ),
        ] {
            let mut times = Vec::new();
            let mut count = String::new();
            for _ in 0..STARTS {
                let run = run(auditty(&home)
                    .args(["search", "--count", query])
                    .arg(&self.log))?;
                times.push(run.wall);
                count = run.stdout.trim().to_owned();
            }
            let times = Times::new(times);
            let theirs = peer("rg -c", self.rg(pattern));
            let what = format!("auditty search --count, {what}: {count}");
            // The index grows more slowly than what is read without one.
            let times_faster = if self.settings.events < queries::LONG {
                10
            } else {
                100
            };
            let met = match &theirs {
                Peer::Took(_, theirs) => Some(times.percentile(50) * times_faster <= *theirs),
                _ => None,
            };
            rows.push(
                Row::new(what, times.to_string())
                    .beside(times.percentile(50), &theirs)
                    .goal(format!("<= 1 / {times_faster} of rg"), met),
            );
        }
        // Nothing is indexed yet: all of it is, before the answer.
        let word = generate::RARE_WORD;
        let mut never = auditty(&self.home("never"));
        let first = run(never.args(["search", "--count", word]).arg(&self.log))?;
        let theirs = peer("rg -c", self.rg(word));
        let met = match &theirs {
            Peer::Took(_, theirs) => Some(first.wall <= *theirs * 2),
            _ => None,
        };
        let what = "the same of a file that was never indexed";
        rows.push(
            Row::new(what, time(first.wall))
                .beside(first.wall, &theirs)
                .goal("<= 2 x rg", met),
        );
        Ok(rows)
    }

    fn warm_start_and_append(&self) -> Result<Vec<Row>, String> {
        let (home, _) = self.indexed()?;
        let start = self.first_rows(&self.log, false, &|_| home.clone())?;
        let met = start.percentile(50) <= Duration::from_millis(100);
        let first = Row::new("start to first rows on a pty, indexed", start.to_string());
        let append = self.append(&home);
        let restored = fs::OpenOptions::new().write(true).open(&self.log);
        restored
            .and_then(|file| file.set_len(self.bytes))
            .map_err(|e| e.to_string())?;
        let append = append?;
        let seen = append.percentile(99) <= Duration::from_millis(100);
        Ok(vec![
            first.goal("<= 100 ms", Some(met)),
            Row::new("line appended to on the screen", append.to_string())
                .goal("p99 <= 100 ms", Some(seen)),
        ])
    }

    fn append(&self, home: &Path) -> Result<Times, String> {
        let mut screen = Screen::open(&self.log, home)?;
        screen.wait_for(generate::NEWEST_ACTOR, PATIENCE)?;
        let mut log = fs::OpenOptions::new()
            .append(true)
            .open(&self.log)
            .map_err(|e| e.to_string())?;
        let mut times = Vec::new();
        for number in 0..APPENDS {
            // Uneven, so that no beat of the program falls in step with it.
            screen.watch(Duration::from_millis(60 + number * 37 % 190));
            let actor = format!("app-{number}@bench");
            let line = generate::appended(&actor, self.settings.events, number);
            let start = std::time::Instant::now();
            log.write_all(&line).map_err(|e| e.to_string())?;
            times.push(screen.wait_for(&actor, PATIENCE)? - start);
        }
        screen.quit();
        Ok(Times::new(times))
    }

    /// lnav opening the log and counting its events, with a home and a format of its own.
    fn lnav(&self) -> Option<Result<Run, String>> {
        let program = installed("lnav").filter(|_| self.settings.events <= LNAV_UP_TO)?;
        let home = self.home("lnav");
        let formats = home.join("formats").join("bench");
        Some((|| {
            fs::create_dir_all(&formats).map_err(|e| e.to_string())?;
            fs::write(formats.join("k8s_audit.json"), LNAV_FORMAT).map_err(|e| e.to_string())?;
            let mut command = Command::new(program);
            command.env("HOME", &home).env("XDG_CONFIG_HOME", &home);
            command.env("TERM", "dumb").arg("-I").arg(&home);
            command.args(["-n", "-c", ";SELECT count(*) AS n FROM k8s_audit"]);
            let run = run(command.arg(&self.log))?;
            let wanted = self.settings.events.to_string();
            if run.stdout.contains(&wanted) {
                Ok(run)
            } else {
                Err(format!("lnav counted otherwise: {}", run.stdout))
            }
        })())
    }

    fn rg(&self, pattern: &str) -> Option<Result<Duration, String>> {
        self.rg_in(pattern, &self.log)
    }

    fn rg_in(&self, pattern: &str, log: &Path) -> Option<Result<Duration, String>> {
        let program = installed("rg")?;
        let mut command = Command::new(program);
        command.arg("-c").arg(pattern).arg(log);
        Some(run(&mut command).map(|run| run.wall))
    }
}

fn peer(name: &'static str, took: Option<Result<Duration, String>>) -> Peer {
    match took {
        None => Peer::Absent(name),
        Some(Ok(time)) => Peer::Took(name, time),
        Some(Err(error)) => Peer::Failed(name, error),
    }
}
