//! Digest files of AWS CloudTrail: which log files were delivered in an hour, with the hash of each and of the digest
//! before. They lie in the bucket of the logs and hold no API events.
//!
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>.

use super::mapped::Table;

pub(super) const CLOUDTRAIL_DIGEST: Table = Table {
    id: "cloudtrail-digest",
    title: "AWS CloudTrail digest files",
    known_by: &["awsAccountId digestStartTime digestEndTime digestS3Object"],
    fields: &[
        ("ts", &["digestEndTime"]),
        ("action", &["=Digest"]),
        ("target", &["{digestS3Bucket}/{digestS3Object}"]),
        ("host", &["awsAccountId"]),
    ],
    ..Table::EMPTY
};
