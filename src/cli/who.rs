//! Who runs this program and where, for reports.

/// `alice (uid 1000) on bastion`; under sudo also who asked for it. The name is the environment's, the number the
/// system's.
pub(super) fn this_user() -> String {
    let name = |variables: &[&str]| {
        let set = |v: &&str| std::env::var(v).ok().filter(|name| !name.is_empty());
        variables.iter().find_map(set)
    };
    let uid = rustix::process::geteuid().as_raw();
    let user = match (uid, name(&["USER", "LOGNAME"])) {
        (0, _) => "root".to_owned(),
        (_, Some(name)) => name,
        (_, None) => "unnamed".to_owned(),
    };
    let asked = name(&["SUDO_USER"]).map_or_else(String::new, |by| format!(", sudo by {by}"));
    format!("{user} (uid {uid}{asked}) on {}", host())
}

/// The machine's name.
pub(super) fn host() -> String {
    let system = rustix::system::uname();
    system.nodename().to_string_lossy().into_owned()
}
