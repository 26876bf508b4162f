"""Readings of each format that share nothing with the program: the vendor's field rules, written down a second time."""

from . import cloud, database, services, system

# What a folder of the corpus holds: the format's id, and how to read one record.
FOLDERS = {
    "auditd": ("auditd", system.auditd),
    "azure_activity": ("azure-activity", cloud.azure),
    "cef": ("cef", system.cef),
    "cloudtrail": ("cloudtrail", cloud.cloudtrail),
    "cloudtrail_digest": ("cloudtrail-digest", cloud.digest),
    "ecs": ("ecs", cloud.ecs),
    "entra_signin": ("entra", cloud.entra),
    "gcp_audit": ("gcp-audit", cloud.gcp),
    "gcp_k8s": ("gcp-audit", cloud.gcp),
    "github": ("github", services.github),
    "gitlab": ("gitlab", services.gitlab),
    "google_workspace": ("google-workspace", services.google_workspace),
    "hoop": ("hoop", services.hoop),
    "journald": ("journald", system.journald),
    "k8s_audit": ("k8s-audit", cloud.k8s),
    "leef": ("leef", system.leef),
    "m365": ("m365", services.m365),
    "mysql": ("mysql", database.mysql),
    "ocsf": ("ocsf", system.ocsf),
    "okta": ("okta", services.okta),
    "otel": ("otlp", system.otlp),
    "pgaudit": ("postgres", database.postgres),
    "postgres": ("postgres", database.postgres),
    "slack": ("slack", services.slack),
    "sshd": ("syslog", system.syslog),
    "syslog3164": ("syslog", system.syslog),
    "syslog5424": ("syslog", system.syslog),
    "teleport": ("teleport", services.teleport),
    "vault": ("vault", cloud.vault),
}
READERS = {expected: reader for expected, reader in FOLDERS.values()}

# Files that lie beside the logs, or that are something else than their folder says.
OTHER_FILES = {
    "EXPECTED.json": "generic",
    "public_key.json": "generic",
    "chronicle_AWS_EKS.json": "generic",              # an export of a SIEM around one plain line
    "fal_01_003.json": "generic",                     # `{"kind": 0}`
    "percona_docs_blocks.txt": "generic",             # a manual
    "kjournald.short-unix.txt": "generic",            # for people
    "otrf_AWS_S3_HoneyBucketLogs.csv": "csv",         # a table made from CloudTrail, other names
    "bindplane_m365_testPollLogs_input.json": "m365",  # what the OTLP beside it was made of
    "panther_GitLab.Production.jsonl": "generic",     # two fields left, none of them GitLab's own
    "otrf_syslog_auoms_auditd_log4shell_cve2021_44228_jndi_reference_2022-05-11181020.json": "generic",
}
# Lines that are broken on purpose, in files that are whole otherwise.
BROKEN = {
    "plaso_selinux.log": 4,             # no type, no time, half a time
    "plaso_syslog": 1,                  # "MMM 22"
    "logstash_codec_cef.log": 1,        # a header of six parts
    "oms_auditd_plugin.log": 1,         # what its collector sends on, a list
    "pgbadger_pg_rawcsv.log": 2,        # what pg_ctl says, in the server's log
    # A message with a line feed in it, its second line not marked in any way.
    "plaso_syslog_rsyslog_ForwardFormat": 1,
    "plaso_syslog_rsyslog_SysklogdFileFormat": 1,
    "plaso_syslog_rsyslog_TraditionalForwardFormat": 1,
    "plaso_syslog_rsyslog_traditional": 1,
    "plaso_syslog_rsyslog_SyslogProtocol23Format": 1,
}
GENERIC = ("json", "text", "csv", "syslog", "logfmt", "no format")


def expected(parts):
    """The format a file of the corpus is, by its path below the corpus."""
    name = parts[-1]
    if parts[0] in ("_other", "_malformed"):
        return "generic"
    if name in OTHER_FILES:
        return OTHER_FILES[name]
    if name.endswith((".golden.yaml", ".expected.json", ".metadata.json")):
        return "generic"
    if parts[0] == "_partial":
        return {"k8s_audit": "k8s-audit", "gcp_audit": "gcp-audit", "m365_lowercase": "m365"}[parts[1]]
    if parts[0] == "cloudtrail_digest" and "CloudTrail" in parts:
        return "cloudtrail"
    if "mariadb" in name:
        return "mariadb"
    return FOLDERS[parts[0]][0]
