//! Settings of a terminal that belong together.

use std::time::Duration;

/// What counts as "the last POS request" for GET COUNTER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterRules {
    /// A request that was understood and refused.
    pub of_refused: bool,
    /// A document that is not a valid request.
    pub of_malformed: bool,
    /// A request on the secondary channel.
    pub of_secondary: bool,
    /// A COUNTER lower than the one before.
    pub of_lower: bool,
    /// The counter survives a lost link.
    pub over_reconnect: bool,
    /// The counter survives power off and on.
    pub over_reboot: bool,
}

/// How long to wait before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryRules {
    /// The first pause at least.
    pub first: Duration,
    /// The factor from one pause to the next.
    pub growth: u64,
    /// The longest pause.
    pub cap: Duration,
    /// What chance may add, in percent of the pause.
    pub jitter_percent: u64,
    /// The longest Retry-After that is followed.
    pub retry_after_max: Duration,
}

/// When notices are sent, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRules {
    /// sendunsolmsgduringpymttran.
    pub wanted: bool,
    /// The way they take: websocket, call-back or off.
    pub way: String,
    /// They are sent only where the request carried POS_IP and POS_PORT.
    pub need_address: bool,
}

/// What a payment does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRules {
    /// How long a card is waited for.
    pub card_timeout: Duration,
    /// How long the outcome stays on the screen.
    pub result_time: Duration,
    /// CTimeout, in milliseconds.
    pub host_timeout_ms: u64,
    /// The highest amount that is approved without the host, in hundredths.
    pub offline_limit: u64,
    /// How often stored transactions are offered to the host.
    pub offline_interval: Duration,
    /// ALLOWOFFLINETRANTOGOWITHONLINE.
    pub beside_online: u64,
    /// DUPLICATECHECK.
    pub duplicates: u64,
    /// descriptiveentrymode.
    pub descriptive: bool,
    /// The contactless reader is on.
    pub contactless: bool,
    /// The tender is asked for where the request names none.
    pub asks_tender: bool,
    /// A payment asks first for a card that was left in the slot; else it is refused as busy.
    pub asks_removal: bool,
    /// A card that was put in before the payment is read at once; else it counts as left in.
    pub reads_ahead: bool,
    /// hithostforlasttran.
    pub last_from_host: u64,
    /// The answer of a payment that outlived its connection is sent on the next one.
    pub late_answer: bool,
    /// A decline is a SUCCESS: an outcome was produced.
    pub decline_is_success: bool,
}

/// How requests are read and what answers hold, where the pages leave it open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRules {
    /// What an optional field without a value counts as: absent or refused.
    pub empty_fields: String,
    /// What becomes of a field that stands twice: refused, first or last.
    pub duplicate_fields: String,
    /// What becomes of names that GET_PARM does not know: left-out or refused.
    pub unknown_parameters: String,
    /// MACLABEL_IN_SESSION where no registered POS has opened the session.
    pub session_label: String,
    /// The fields of an answer to a payment: full or brief.
    pub payment_answer: String,
    /// The fields behind the first of an answer to a payment, in their order: names, or NAME=VALUE, joined by a bar.
    pub payment_fields: String,
    /// RESPONSE_TEXTs in other words: OURS=THEIRS, joined by a bar.
    pub texts: String,
}

/// The probes by which the system watches an idle TCP connection. In each but the first 0 leaves the choice to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeepAlive {
    /// 1: they are sent.
    pub enabled: u64,
    /// Probes without an answer after which the connection is dropped.
    pub count: u64,
    /// Seconds without traffic before the first.
    pub idle: u64,
    /// Seconds from one to the next.
    pub interval: u64,
}

/// The ports on which a terminal listens where POSCONNECTALLOW is not WEBSOCKETS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicRules {
    /// The primary one.
    pub primary: u64,
    /// The secondary one.
    pub secondary: u64,
    /// How long a document may take from its first byte to its last.
    pub document_timeout: Duration,
    /// How long a connection may stay silent; 0 for ever.
    pub idle_timeout: Duration,
}
