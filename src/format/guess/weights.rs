//! What words in a name speak for which field, and how strongly. The numbers are points; a field is taken from the leaf
//! with the most, if there are at least [`super::ENOUGH`].
//!
//! A list entry is several words of one weight. With `^` in front it counts only in the last key of a path: `event` as a
//! name is what happened, `event.…` is only where it stands.

use crate::event::field::Field;

/// Words with their points.
pub(super) type Weights = &'static [(&'static str, i16)];

/// The words that name a field's part in what happened. Of these only the strongest counts.
pub(super) const ROLES: [(Field, Weights); 11] = [
    (
        Field::Ts,
        &[
            ("^timestamp ^time ^ts", 60),
            ("^when", 50),
            ("^date ^at", 40),
            ("^occurred ^published ^created ^logged ^generated", 35),
        ],
    ),
    (
        Field::Actor,
        &[
            ("actor performer", 70),
            (
                "principal initiator initiated caller requester requestor invoker",
                60,
            ),
            (
                "performed executed changed invoked triggered authored ^by",
                45,
            ),
            ("user operator author identity who suser", 50),
            ("auth subject employee person login impersonator", 40),
            ("account admin issuer", 35),
            ("^owner ^email ^upn ^uid", 25),
            ("member client sender", 12),
        ],
    ),
    (
        Field::Action,
        &[
            ("action", 75),
            ("^operation ^verb ^op ^act", 65),
            ("^activity", 55),
            ("^event", 60),
            ("^method ^command ^cmd", 48),
            ("operation activity method", 25),
            ("event events", 20),
            ("^name", 18),
            ("^type", 12),
            ("^change", 35),
            ("^api ^call ^function ^procedure ^rpc", 35),
            ("request", 10),
        ],
    ),
    (
        Field::Target,
        &[
            ("target", 65),
            ("resource", 60),
            ("object", 50),
            ("entity", 50),
            ("path file repo repository bucket table secret asset", 42),
            ("uri url", 36),
            (
                "db database document item collection container pod connection",
                34,
            ),
            ("app application project namespace destination server", 22),
        ],
    ),
    (
        Field::Outcome,
        &[
            ("outcome", 75),
            ("success succeeded successful granted allowed permitted", 65),
            ("result", 60),
            ("status", 52),
            ("decision verdict disposition", 50),
            ("authorized passed approved accepted ok", 45),
            ("failed failure denied rejected blocked forbidden", 45),
            // The code that a program ended with.
            ("exit", 40),
            ("response", 30),
            ("^code", 22),
        ],
    ),
    (
        Field::Reason,
        &[
            ("reason cause", 65),
            ("error failure exception", 55),
            ("denial", 45),
            ("status", 4),
        ],
    ),
    (
        Field::Ip,
        &[
            ("ip ip4 ip6 ipv4 ipv6", 50),
            ("addr address", 42),
            (
                "^src ^source ^client ^remote ^peer ^origin ^caller ^from",
                32,
            ),
        ],
    ),
    (
        Field::Host,
        &[
            ("^computer", 62),
            ("host", 55),
            ("machine", 45),
            ("node server", 42),
            ("cluster instance", 26),
        ],
    ),
    (
        Field::Session,
        &[
            ("session sid", 65),
            ("correlation", 52),
            ("trace", 46),
            ("transaction", 42),
            ("request", 40),
            ("connection conn", 30),
            ("operation activity audit", 18),
            ("^uuid ^guid", 16),
        ],
    ),
    (
        Field::Severity,
        &[
            ("severity", 75),
            ("lvl", 65),
            ("level", 58),
            ("priority criticality", 50),
        ],
    ),
    (
        Field::Message,
        &[
            ("^message ^msg", 70),
            ("^description ^summary", 50),
            ("^text ^details ^detail ^body", 44),
            ("^comment ^title ^log ^note", 30),
        ],
    ),
];

/// The words around a role: what of it the value is, and what it is not. All of them count.
pub(super) const SHAPES: [(Field, Weights); 11] = [
    (
        Field::Ts,
        &[
            ("event record log occurred request audit", 10),
            ("start started begin", 6),
            (
                "expire expires expiry expiration exp not until ttl timeout next due",
                -100,
            ),
            ("end ended stop finish finished completed", -15),
            (
                "last previous modified updated mod changed login birth password rotated",
                -30,
            ),
            (
                "received receive ingest ingested ingestion index indexed collected collection stored",
                -18,
            ),
            ("duration elapsed latency offset zone", -100),
            (
                "token session certificate key user resource object target account",
                -35,
            ),
        ],
    ),
    (
        Field::Actor,
        &[
            ("email mail upn", 26),
            ("name login", 22),
            ("by", 15),
            ("alternate principal", 12),
            ("display", -4),
            ("id sub", -12),
            ("arn", -6),
            ("uid", -10),
            ("uuid guid sid accessor", -28),
            ("first last family given middle nick", -25),
            ("agent browser", -120),
            ("target recipient", -90),
            ("object resource entity", -60),
            (
                "group groups role roles team org organization tenant policy policies",
                -60,
            ),
            ("type kind class category", -80),
            ("time timestamp date at ts expires expiration", -100),
            ("ip addr address host device location city country geo", -80),
            ("count number num size", -80),
            ("status state result outcome code error", -70),
            ("version url uri path domain", -60),
            ("session token key request trace", -45),
            ("old new previous before after", -50),
            ("mfa method provider", -50),
            ("process proc kernel app application client", -30),
            ("mutation", -30),
        ],
    ),
    (
        Field::Action,
        &[
            ("name", 14),
            ("type", 6),
            ("display", -4),
            ("id uid uuid guid", -35),
            ("code", -12),
            ("time timestamp date at ts start end", -100),
            ("version schema", -100),
            ("category class kind module dataset provider product", -28),
            ("source", -45),
            ("status outcome result success state", -90),
            ("description message msg reason detail details text", -35),
            ("url uri path host ip address user actor", -50),
            ("http", -25),
            ("response result", -35),
            ("domain group role machine host server", -50),
            ("severity level", -60),
            ("old new previous", -30),
            ("object resource target", -30),
            ("params parameters arguments args headers body", -40),
            ("count number total size duration", -80),
        ],
    ),
    (
        Field::Target,
        &[
            ("name", 16),
            ("path full", 10),
            ("arn", 8),
            ("id alternate", 5),
            ("display", 2),
            ("email login", 3),
            ("uri url", 2),
            ("type kind class category", -26),
            ("version", -70),
            ("time timestamp date at ts created updated", -100),
            ("ip addr address", -40),
            ("count size number length", -90),
            ("status state result code", -60),
            ("actor caller principal initiator source src", -50),
            ("user", -8),
            ("old new previous before after", -20),
            ("parent", -14),
            ("session trace", -60),
            ("owner group groups role", -25),
            ("labels tags metadata annotations headers", -30),
            ("query method", -20),
            ("key", -8),
        ],
    ),
    (
        Field::Outcome,
        &[
            ("code", -2),
            ("auth authentication authorization login", 4),
            ("http", -4),
            ("response", 6),
            ("user account device session token old new previous", -35),
            ("mfa enabled active", -60),
            ("count total number threshold limit", -100),
            ("time at date", -100),
            ("message description text detail details reason", -40),
            ("health", -50),
            ("id", -60),
        ],
    ),
    (
        Field::Reason,
        &[
            ("code", 6),
            ("message description text", 6),
            ("count rate total", -100),
            ("time at id", -60),
            ("url uri", -60),
            ("type", 2),
        ],
    ),
    (
        Field::Ip,
        &[
            (
                "source src client remote caller peer from origin requester request",
                30,
            ),
            ("user actor login", 22),
            ("forwarded", 10),
            (
                "destination dest dst target server local listen bind private internal",
                -60,
            ),
            ("host node pod nat gateway proxy", -25),
            ("dns", -30),
            ("version build release", -60),
            ("chain", -4),
        ],
    ),
    (
        Field::Host,
        &[
            ("name", 10),
            ("id uuid", -12),
            ("ip addr address mac", -70),
            ("type kind os version arch port status", -60),
            ("target dst dest destination remote client source src", -25),
            ("url uri path http", -40),
            ("time", -100),
        ],
    ),
    (
        Field::Session,
        &[
            ("id identifier", 22),
            ("uid uuid guid key external", 14),
            ("time at date created start end duration timeout", -100),
            ("type kind name status count number user ip", -60),
            ("span parent root", -20),
            ("recording", -30),
            ("resource target object", -30),
        ],
    ),
    (
        Field::Severity,
        &[
            ("name text", 4),
            ("number id", -6),
            ("risk access", -25),
            ("os", -50),
        ],
    ),
    (
        Field::Message,
        &[
            ("display event error status", 4),
            ("id type code version", -60),
            ("request response", -25),
            ("target resource object", -25),
        ],
    ),
];
