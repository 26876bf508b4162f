//! What the ids of the Security log mean, and which of an event's fields say what it was done to.
//!
//! Source: <https://learn.microsoft.com/en-us/windows-server/identity/ad-ds/plan/appendix-l--events-to-monitor>.

/// Events of accounts that log on, log off or prove who they are.
pub(super) fn is_logon(id: u32) -> bool {
    matches!(
        id,
        4624 | 4625 | 4634 | 4647 | 4672 | 4768..=4771 | 4776..=4779 | 4800..=4803 | 4964
    )
}

/// A log was emptied: Security (1102), any other (104).
pub(super) fn is_cleared(id: u32) -> bool {
    matches!(id, 104 | 1102)
}

/// Most telling first.
pub(super) const TARGETS: [&str; 19] = [
    "ObjectName",
    "NewProcessName",
    "ServiceFileName",
    "ServiceName",
    "TaskName",
    "RelativeTargetName",
    "ShareName",
    "TargetFilename",
    "TargetObject",
    "DestinationHostname",
    "QueryName",
    "PipeName",
    "TargetImage",
    "ImageLoaded",
    "AttributeLDAPDisplayName",
    "ObjectDN",
    "CategoryId",
    "Path",
    "CommandLine",
];

/// The first sentence of the message, which many exports leave out.
pub(super) fn title(id: u32) -> Option<&'static str> {
    let at = TITLES.binary_search_by_key(&id, |(id, _)| *id).ok()?;
    Some(TITLES[at].1)
}

/// Ascending.
const TITLES: [(u32, &str); 44] = [
    (1100, "The event logging service has shut down."),
    (1102, "The audit log was cleared."),
    (4616, "The system time was changed."),
    (4624, "An account was successfully logged on."),
    (4625, "An account failed to log on."),
    (4634, "An account was logged off."),
    (4647, "User initiated logoff."),
    (4648, "A logon was attempted using explicit credentials."),
    (4656, "A handle to an object was requested."),
    (4657, "A registry value was modified."),
    (4658, "The handle to an object was closed."),
    (4660, "An object was deleted."),
    (4662, "An operation was performed on an object."),
    (4663, "An attempt was made to access an object."),
    (4670, "Permissions on an object were changed."),
    (4672, "Special privileges assigned to new logon."),
    (4673, "A privileged service was called."),
    (4688, "A new process has been created."),
    (4689, "A process has exited."),
    (4697, "A service was installed in the system."),
    (4698, "A scheduled task was created."),
    (4699, "A scheduled task was deleted."),
    (4702, "A scheduled task was updated."),
    (4719, "System audit policy was changed."),
    (4720, "A user account was created."),
    (4722, "A user account was enabled."),
    (4723, "An attempt was made to change an account's password."),
    (4724, "An attempt was made to reset an account's password."),
    (4725, "A user account was disabled."),
    (4726, "A user account was deleted."),
    (
        4728,
        "A member was added to a security-enabled global group.",
    ),
    (
        4732,
        "A member was added to a security-enabled local group.",
    ),
    (4738, "A user account was changed."),
    (4740, "A user account was locked out."),
    (4741, "A computer account was created."),
    (
        4756,
        "A member was added to a security-enabled universal group.",
    ),
    (
        4768,
        "A Kerberos authentication ticket (TGT) was requested.",
    ),
    (4769, "A Kerberos service ticket was requested."),
    (4771, "Kerberos pre-authentication failed."),
    (
        4776,
        "The computer attempted to validate the credentials for an account.",
    ),
    (4778, "A session was reconnected to a Window Station."),
    (4779, "A session was disconnected from a Window Station."),
    (5140, "A network share object was accessed."),
    (
        5145,
        "A network share object was checked to see whether client can be granted desired access.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_found() {
        assert!(TITLES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(title(4625), Some("An account failed to log on."));
        assert_eq!(title(1), None);
    }
}
