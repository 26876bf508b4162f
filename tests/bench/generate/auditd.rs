//! auditd as a host writes it: three records an event.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{RARE_WORD, Random};

const PROGRAMS: [(&str, &str); 8] = [
    ("cat", "/usr/bin/cat"),
    ("sshd", "/usr/sbin/sshd"),
    ("sudo", "/usr/bin/sudo"),
    ("bash", "/usr/bin/bash"),
    ("curl", "/usr/bin/curl"),
    ("cron", "/usr/sbin/cron"),
    ("systemd", "/usr/lib/systemd/systemd"),
    ("python3", "/usr/bin/python3.11"),
];
const FILES: [&str; 6] = [
    "/etc/passwd",
    "/etc/shadow",
    "/etc/sudoers",
    "/var/log/auth.log",
    "/root/.ssh/authorized_keys",
    "/home/ann/.bash_history",
];

/// Writes `events` events of three lines each, the same bytes for the same number.
pub(crate) fn write(path: &Path, events: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut random = Random(0x00a0_d17d);
    let mut millis = 1_772_323_200_000_u64;
    for number in 0..events {
        millis += random.below(40);
        let serial = 1_000 + number;
        let stamp = format!(
            "msg=audit({}.{:03}:{serial}):",
            millis / 1000,
            millis % 1000
        );
        let (program, exe) = random.pick(&PROGRAMS);
        let file = match random.below(1000) {
            0 => RARE_WORD,
            _ => random.pick(&FILES),
        };
        let (ok, exit) = match random.below(30) {
            0 => ("no", -13),
            _ => ("yes", 3),
        };
        let uid = 1000 + random.below(9);
        writeln!(
            out,
            "type=SYSCALL {stamp} arch=c000003e syscall=257 success={ok} exit={exit} a0=ffffff9c a1={:x} a2=0 a3=0 items=1 ppid={} pid={} auid={uid} uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts{} ses={} comm=\"{program}\" exe=\"{exe}\" key=\"identity\"",
            random.next() >> 16,
            random.below(30_000),
            random.below(30_000),
            random.below(8),
            random.below(500),
        )?;
        writeln!(out, "type=CWD {stamp} cwd=\"/root\"",)?;
        writeln!(
            out,
            "type=PATH {stamp} item=0 name=\"{file}\" inode={} dev=fe:00 mode=0100640 ouid=0 ogid=42 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0",
            random.below(900_000),
        )?;
    }
    out.flush()
}
