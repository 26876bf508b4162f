//! CloudTrail as a busy account writes it, one event a line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{PEOPLE, RARE_WORD, Random};

const CALLS: [(&str, &str); 12] = [
    ("s3.amazonaws.com", "GetObject"),
    ("s3.amazonaws.com", "PutObject"),
    ("sts.amazonaws.com", "AssumeRole"),
    ("ec2.amazonaws.com", "DescribeInstances"),
    ("ec2.amazonaws.com", "RunInstances"),
    ("iam.amazonaws.com", "CreateAccessKey"),
    ("iam.amazonaws.com", "ListUsers"),
    ("kms.amazonaws.com", "Decrypt"),
    ("kms.amazonaws.com", "GenerateDataKey"),
    ("lambda.amazonaws.com", "Invoke"),
    ("secretsmanager.amazonaws.com", "GetSecretValue"),
    ("cloudtrail.amazonaws.com", "StopLogging"),
];
const REGIONS: [&str; 4] = ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2"];

/// Writes `events` lines, the same bytes for the same number.
pub(crate) fn write(path: &Path, events: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut random = Random(0xc10d_74a1);
    let mut seconds = 1_772_323_200_i64;
    for _ in 0..events {
        seconds += i64::from(random.below(20) == 0);
        let (source, call) = *random.pick(&CALLS);
        let person = random.pick(&PEOPLE).split('@').next().unwrap_or_default();
        let region = random.pick(&REGIONS);
        let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let role = ["deploy", "readonly", "admin", "ci"][random.below(4) as usize];
        let bucket = match random.below(1000) {
            0 => RARE_WORD,
            n if n < 300 => "logs-archive",
            _ => "app-data",
        };
        let error = match random.below(40) {
            0 => {
                r#""errorCode":"AccessDenied","errorMessage":"User is not authorized to perform this action","#
            }
            _ => "",
        };
        let (a, b, c) = (random.next(), random.next(), random.next());
        writeln!(
            out,
            concat!(
                r#"{{"eventVersion":"1.09","userIdentity":{{"type":"AssumedRole","principalId":"AROA{:016X}:{}","#,
                r#""arn":"arn:aws:sts::4711{:08}:assumed-role/{}/{}","accountId":"471100000001","accessKeyId":"ASIA{:016X}","#,
                r#""sessionContext":{{"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::471100000001:role/{}","userName":"{}"}},"#,
                r#""attributes":{{"creationDate":"{}","mfaAuthenticated":"{}"}}}}}},"eventTime":"{}","eventSource":"{}","#,
                r#""eventName":"{}","awsRegion":"{}","sourceIPAddress":"198.51.100.{}","userAgent":"aws-cli/2.15.0 Python/3.11.6",{}"#,
                r#""requestParameters":{{"bucketName":"{}","key":"{:x}/part-{}.parquet"}},"responseElements":null,"#,
                r#""requestID":"{:016X}","eventID":"{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}","readOnly":{},"#,
                r#""eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"471100000001","eventCategory":"Management"}}"#
            ),
            a,
            person,
            1,
            role,
            person,
            b,
            role,
            role,
            at.format("%Y-%m-%dT%H:00:00Z"),
            random.below(3) > 0,
            at.format("%Y-%m-%dT%H:%M:%SZ"),
            source,
            call,
            region,
            random.below(200),
            error,
            bucket,
            c & 0xffff,
            random.below(400),
            c,
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b & 0xfff,
            b >> 16,
            call.starts_with("Get"),
        )?;
    }
    out.flush()
}
