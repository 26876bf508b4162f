//! Who takes part: people, machines, their addresses and keys. Addresses are those reserved for documentation
//! (RFC 5737) and private ones; keys and accounts are made up.

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const REGION: &str = "eu-west-1";
pub(super) const TRAIL: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/acme-main";

/// The deploy key of `ci-deploy` that leaked.
pub const LEAKED_KEY: &str = "AKIAZ7QJ4XKDEMO6TLEA";
/// The address nobody knows.
pub const INTRUDER: &str = "203.0.113.66";
/// The key the intruder makes for `svc-backup2`.
pub(super) const SECOND_KEY: &str = "AKIAZ7QJ4XKDEMOB4CK2";
pub(super) const SECOND_USER: &str = "svc-backup2";

/// Where builds run.
pub(super) const CI_ADDRESS: &str = "192.0.2.40";
pub(super) const BASTION: &str = "10.0.3.15";

/// An AWS user: name, id, key, and the addresses and tool it is used from.
pub(super) struct Principal {
    pub(super) name: &'static str,
    pub(super) id: &'static str,
    pub(super) key: &'static str,
    pub(super) address: &'static str,
    pub(super) agent: &'static str,
}

pub(super) const CI: Principal = Principal {
    name: "ci-deploy",
    id: "AIDAZ7QJ4XKDEMOCIDEP",
    key: LEAKED_KEY,
    address: CI_ADDRESS,
    agent: "aws-cli/2.17.9 md/Botocore#1.34.140 ua/2.0 os/linux#6.5.0-1022-azure md/arch#x86_64 lang/python#3.11.8",
};

pub(super) const STAFF: [Principal; 6] = [
    Principal {
        name: "mia.larsen",
        id: "AIDAZ7QJ4XKDEMOMIALA",
        key: "AKIAZ7QJ4XKDEMOMIAL7",
        address: "198.51.100.21",
        agent: "aws-cli/2.17.5 md/Botocore#1.34.136 ua/2.0 os/macos#23.5.0 md/arch#arm64 lang/python#3.11.9",
    },
    Principal {
        name: "jonas.weber",
        id: "AIDAZ7QJ4XKDEMOJONAS",
        key: "AKIAZ7QJ4XKDEMOJOW33",
        address: "198.51.100.24",
        agent: "Boto3/1.34.140 md/Botocore#1.34.140 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.3",
    },
    Principal {
        name: "priya.nair",
        id: "AIDAZ7QJ4XKDEMOPRIYA",
        key: "AKIAZ7QJ4XKDEMOPRN58",
        address: "10.8.0.17",
        agent: "aws-cli/2.15.62 md/Botocore#1.34.60 ua/2.0 os/macos#23.4.0 md/arch#arm64 lang/python#3.11.8",
    },
    Principal {
        name: "omar.haddad",
        id: "AIDAZ7QJ4XKDEMOOMARH",
        key: "AKIAZ7QJ4XKDEMOOMH12",
        address: "10.8.0.23",
        agent: "APN/1.0 HashiCorp/1.0 Terraform/1.8.5 (+https://www.terraform.io) terraform-provider-aws/5.56.1",
    },
    Principal {
        name: "svc-billing",
        id: "AIDAZ7QJ4XKDEMOBILLI",
        key: "AKIAZ7QJ4XKDEMOBIL90",
        address: "10.0.1.44",
        agent: "aws-sdk-go-v2/1.30.1 os/linux lang/go#1.22.4 md/GOOS#linux md/GOARCH#amd64 api/s3#1.58.0",
    },
    Principal {
        name: "svc-metrics",
        id: "AIDAZ7QJ4XKDEMOMETRI",
        key: "AKIAZ7QJ4XKDEMOMET41",
        address: "10.0.1.51",
        agent: "aws-sdk-go-v2/1.27.0 os/linux lang/go#1.22.2 md/GOOS#linux md/GOARCH#amd64 api/cloudwatch#1.38.0",
    },
];

/// The leaked key in other hands, and the user they make.
pub(super) const THIEF: Principal = Principal {
    name: "ci-deploy",
    id: "AIDAZ7QJ4XKDEMOCIDEP",
    key: LEAKED_KEY,
    address: INTRUDER,
    agent: "aws-cli/2.15.10 md/Botocore#1.34.10 ua/2.0 os/linux#6.6.9-amd64 md/arch#x86_64 lang/python#3.11.8 md/distrib#kali.2024",
};
pub(super) const GHOST: Principal = Principal {
    name: SECOND_USER,
    id: "AIDAZ7QJ4XKDEMOGHOST",
    key: SECOND_KEY,
    ..THIEF
};

/// People with a shell on the bastion: name, uid, address.
pub(super) const OPERATORS: [(&str, u32, &str); 3] = [
    ("mia", 1001, "198.51.100.21"),
    ("omar", 1004, "10.8.0.23"),
    ("deploy", 1100, CI_ADDRESS),
];

/// People who work in the application: login and address.
pub(super) const AGENTS: [(&str, &str); 5] = [
    ("anna.kowalski@acme.example", "198.51.100.33"),
    ("ben.osei@acme.example", "198.51.100.35"),
    ("lena.fischer@acme.example", "198.51.100.36"),
    ("tom.baker@acme.example", "10.8.0.31"),
    ("payout-scheduler", "10.0.1.60"),
];
