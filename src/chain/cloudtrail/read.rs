//! One digest file, and what stands beside it: fields, the text that is signed, names.

use serde::Deserialize;

use super::place::file_name;
use super::{Hash, hex, unhex};
use crate::event::Timestamp;

/// What a digest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    pub account: String,
    pub start: Timestamp,
    pub end: Timestamp,
    /// `digestEndTime` as written, which is part of what is signed.
    end_text: String,
    pub bucket: String,
    /// Its own S3 key.
    pub object: String,
    /// Which key it is signed with: MD5 of the public key, hex.
    pub fingerprint: String,
    /// `SHA256withRSA`; absent in files of no known version.
    pub algorithm: Option<String>,
    /// None at the start of a chain.
    pub previous: Option<Previous>,
    pub logs: Vec<LogFile>,
}

/// The digest before, as a digest names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    pub bucket: String,
    pub object: String,
    pub hash: Hash,
    /// Hex.
    pub signature: Option<String>,
}

/// A log file, as a digest names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    pub bucket: String,
    pub object: String,
    /// Of its content, uncompressed.
    pub hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    aws_account_id: String,
    digest_start_time: String,
    digest_end_time: String,
    digest_s3_bucket: String,
    digest_s3_object: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: Option<String>,
    previous_digest_s3_bucket: Option<String>,
    previous_digest_s3_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_signature: Option<String>,
    log_files: Vec<LogFields>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogFields {
    s3_bucket: String,
    s3_object: String,
    hash_value: String,
    hash_algorithm: Option<String>,
}

/// Whether a file that begins like this is meant to be a digest: one object with the fields that only digests have, which
/// CloudTrail, and every tool that sorts keys, writes before the list of log files.
pub fn looks_like_digest(head: &[u8]) -> bool {
    let has = |name: &[u8]| memchr::memmem::find(head, name).is_some();
    let first = head.iter().find(|b| !b.is_ascii_whitespace());
    first == Some(&b'{') && has(b"\"awsAccountId\"") && has(b"\"digestS3Object\"")
}

impl Digest {
    /// Reads a digest from its JSON, uncompressed.
    ///
    /// # Errors
    /// In words: it is no JSON, a field is missing or double, a time or a hash is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let fields: Fields = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let time = |text: &str| {
            Timestamp::parse(text).ok_or_else(|| format!("{text:?} is not a time of day"))
        };
        let logs = fields.log_files.into_iter().map(|log| {
            let sha = log.hash_algorithm.as_deref().unwrap_or("SHA-256");
            match sha256(&log.hash_value).filter(|_| sha == "SHA-256") {
                Some(hash) => Ok(LogFile {
                    bucket: log.s3_bucket,
                    object: log.s3_object,
                    hash,
                }),
                None => Err(format!("the hash of {} is not a SHA-256", log.s3_object)),
            }
        });
        let previous = match (
            fields.previous_digest_s3_object,
            fields.previous_digest_hash_value,
        ) {
            (None, None) => None,
            (Some(object), Some(hash)) => Some(Previous {
                bucket: fields
                    .previous_digest_s3_bucket
                    .unwrap_or_else(|| fields.digest_s3_bucket.clone()),
                object,
                hash: sha256(&hash).ok_or("previousDigestHashValue is not a SHA-256")?,
                signature: fields.previous_digest_signature,
            }),
            _ => return Err("it names the digest before, but not its hash, or the reverse".into()),
        };
        Ok(Self {
            start: time(&fields.digest_start_time)?,
            end: time(&fields.digest_end_time)?,
            logs: logs.collect::<Result<_, _>>()?,
            account: fields.aws_account_id,
            end_text: fields.digest_end_time,
            bucket: fields.digest_s3_bucket,
            object: fields.digest_s3_object,
            fingerprint: fields.digest_public_key_fingerprint,
            algorithm: fields.digest_signature_algorithm,
            previous,
        })
    }

    /// What its signature is made over: four lines without an end to the last; `hash` = SHA-256 of the digest itself.
    pub fn string_to_sign(&self, hash: &Hash) -> String {
        let previous = self.previous.as_ref().and_then(|p| p.signature.as_deref());
        format!(
            "{}\n{}/{}\n{}\n{}",
            self.end_text,
            self.bucket,
            self.object,
            hex(hash),
            previous.unwrap_or("null"),
        )
    }

    /// The last part of its key.
    pub fn name(&self) -> &str {
        file_name(&self.object)
    }

    /// What digests of one chain have in common: account, region, trail, home region, and whether they are backfill digests,
    /// which CloudTrail writes later for log files that were late, as a list of their own.
    pub fn chain(&self) -> (&str, &str, bool) {
        let name = super::stem(&self.object);
        let (name, backfill) = match name.strip_suffix(".json").unwrap_or(name) {
            n if n.ends_with("_backfill") => (n.trim_end_matches("_backfill"), true),
            n => (n, false),
        };
        let trail = name.rsplit_once('_').map_or(name, |(trail, _time)| trail);
        (&self.account, trail, backfill)
    }

    /// Region of the log files, by its name; empty where the name is of another style.
    pub fn region(&self) -> &str {
        let after = self.name().split_once("_CloudTrail-Digest_");
        after
            .and_then(|(_, rest)| rest.split('_').next())
            .unwrap_or_default()
    }
}

fn sha256(text: &str) -> Option<Hash> {
    unhex(text)?.try_into().ok()
}

/// What CloudTrail says of a log file by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogName {
    pub account: String,
    pub region: String,
    /// When it was delivered, give or take some minutes.
    pub time: Timestamp,
}

impl LogName {
    /// Reads `ACCOUNT_CloudTrail_REGION_20230710T1145Z_RANDOM.json.gz`.
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split('_');
        let account = parts.next()?;
        if parts.next()? != "CloudTrail" {
            return None;
        }
        let (region, time) = (parts.next()?, parts.next()?);
        parts.next()?;
        let digits = |range: std::ops::Range<usize>| {
            time.get(range)
                .filter(|d| d.bytes().all(|b| b.is_ascii_digit()))
        };
        let text = format!(
            "{}-{}-{}T{}:{}:00Z",
            digits(0..4)?,
            digits(4..6)?,
            digits(6..8)?,
            digits(9..11)?,
            digits(11..13)?
        );
        Some(Self {
            account: account.into(),
            region: region.into(),
            time: Timestamp::parse(&text)?,
        })
    }
}

/// What was saved of the metadata of a digest's S3 object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Hex.
    pub signature: String,
}

impl Metadata {
    /// Reads what `aws s3api head-object` prints (`{"Metadata": {"signature": …}}`), or its inner object alone.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let metadata = value.get("Metadata").unwrap_or(&value);
        Some(Self {
            signature: metadata.get("signature")?.as_str()?.into(),
        })
    }
}
