//! Why a path may not be read, and the way out.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Says who owns what stands in the way of reading `path`, its mode, and what to do.
pub(super) fn explain_denied(path: &Path) -> String {
    // The deepest part of the path that can be looked at is what denies: itself, or a directory on the way.
    let Some((at, meta)) = path
        .ancestors()
        .find_map(|p| std::fs::metadata(p).ok().map(|meta| (p, meta)))
    else {
        return "not permitted".into();
    };
    let text = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let mut groups: Vec<u32> = rustix::process::getgroups()
        .unwrap_or_default()
        .iter()
        .map(|g| g.as_raw())
        .collect();
    groups.push(rustix::process::getegid().as_raw());
    let me = Me {
        uid: rustix::process::geteuid().as_raw(),
        groups,
    };
    let detail = explain(
        &Owned::of(&meta),
        &me,
        &text("/etc/passwd"),
        &text("/etc/group"),
    );
    if at == path {
        detail
    } else {
        format!("{} is {detail}", at.display())
    }
}

struct Me {
    uid: u32,
    groups: Vec<u32>,
}

struct Owned {
    uid: u32,
    gid: u32,
    mode: u32,
    is_dir: bool,
}

impl Owned {
    fn of(meta: &Metadata) -> Self {
        Self {
            uid: meta.uid(),
            gid: meta.gid(),
            mode: meta.mode() & 0o7777,
            is_dir: meta.is_dir(),
        }
    }
}

fn explain(owned: &Owned, me: &Me, passwd: &str, groups: &str) -> String {
    let user = name_of(owned.uid, passwd);
    let group = name_of(owned.gid, groups);
    let facts = format!("owned by {user}:{group}, mode {:04o}", owned.mode);
    let needed = if owned.is_dir { 5 } else { 4 };
    let allows = |shift: u32| (owned.mode >> shift) & needed == needed;
    let allowed = if me.uid == 0 {
        true
    } else if me.uid == owned.uid {
        allows(6)
    } else if me.groups.contains(&owned.gid) {
        allows(3)
    } else {
        allows(0)
    };
    if allowed {
        format!(
            "{facts}, which allows it: look at access lists (getfacl), SELinux or AppArmor, and network mounts"
        )
    } else if me.uid == owned.uid {
        format!(
            "{facts}: run `chmod u+{} PATH`",
            if owned.is_dir { "rx" } else { "r" }
        )
    } else if allows(3) && owned.gid != 0 && !me.groups.contains(&owned.gid) {
        format!("{facts}: run `sudo -g {group} auditty …` or ask to be added to group {group}")
    } else {
        format!("{facts}: run `sudo auditty …` or ask {user} for a readable copy")
    }
}

/// The name of a user or group id in a file of the form of `/etc/passwd` or `/etc/group`; else the number.
fn name_of(id: u32, table: &str) -> String {
    table
        .lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            let (name, number) = (fields.next()?, fields.nth(1)?);
            (number.parse() == Ok(id)).then(|| name.to_owned())
        })
        .unwrap_or_else(|| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nadm:x:4:syslog\n";

    fn told(uid: u32, gid: u32, mode: u32, is_dir: bool, me: &Me) -> String {
        explain(
            &Owned {
                uid,
                gid,
                mode,
                is_dir,
            },
            me,
            PASSWD,
            GROUP,
        )
    }

    #[test]
    fn says_owner_mode_and_the_way_out() {
        let alice = Me {
            uid: 1000,
            groups: vec![1000],
        };
        let in_adm = Me {
            uid: 1000,
            groups: vec![1000, 4],
        };
        let root = Me {
            uid: 0,
            groups: vec![0],
        };
        for (owner, group, mode, is_dir, me, expected) in [
            (
                0,
                4,
                0o640,
                false,
                &alice,
                "owned by root:adm, mode 0640: run `sudo -g adm auditty …` or ask to be added to group adm",
            ),
            (
                0,
                4,
                0o750,
                true,
                &alice,
                "owned by root:adm, mode 0750: run `sudo -g adm auditty …` or ask to be added to group adm",
            ),
            (
                0,
                4,
                0o740,
                true,
                &alice,
                "owned by root:adm, mode 0740: run `sudo auditty …` or ask root for a readable copy",
            ),
            (
                0,
                0,
                0o600,
                false,
                &alice,
                "owned by root:root, mode 0600: run `sudo auditty …` or ask root for a readable copy",
            ),
            (
                1000,
                4,
                0o200,
                false,
                &alice,
                "owned by alice:adm, mode 0200: run `chmod u+r PATH`",
            ),
            (
                7,
                9,
                0o600,
                false,
                &alice,
                "owned by 7:9, mode 0600: run `sudo auditty …` or ask 7 for a readable copy",
            ),
        ] {
            assert_eq!(told(owner, group, mode, is_dir, me), expected);
        }
        assert!(told(0, 4, 0o640, false, &in_adm).contains("SELinux"));
        assert!(told(0, 4, 0o600, false, &root).contains("SELinux"));
    }

    #[test]
    fn a_path_below_nothing_does_not_fail() {
        assert!(explain_denied(Path::new("/does/not/exist")).starts_with("/ is owned by"));
    }
}
