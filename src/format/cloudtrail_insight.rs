//! CloudTrail Insights: an unusual rate of calls or errors, once when it starts and once when it ends. They lie in the
//! bucket of the logs and are no API events: who made the calls is a statistic in them.
//!
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html>.

use super::mapped::Table;

pub(super) const CLOUDTRAIL_INSIGHT: Table = Table {
    id: "cloudtrail-insight",
    title: "AWS CloudTrail Insights",
    known_by: &[
        "insightDetails. eventID",
        "eventType=AwsCloudTrailInsight insightDetails.",
    ],
    fields: &[
        ("ts", &["eventTime"]),
        ("action", &["insightDetails.insightType", "eventType"]),
        (
            "target",
            &["{insightDetails.eventSource}[/{insightDetails.eventName}]"],
        ),
        ("reason", &["insightDetails.errorCode"]),
        ("host", &["recipientAccountId"]),
        // Start and end have it in common.
        ("session", &["sharedEventID", "eventID"]),
        ("message", &["insightDetails.state"]),
    ],
    ..Table::EMPTY
};
