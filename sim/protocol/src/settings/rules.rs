//! Groups of a terminal's settings.

use std::time::Duration;

/// Which requests count as "the last POS request" for GET COUNTER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterRules {
    /// Whether requests that were refused count.
    pub of_refused: bool,
    /// Whether documents that are not valid requests count.
    pub of_malformed: bool,
    /// Whether requests on the secondary channel count.
    pub of_secondary: bool,
    /// Whether a COUNTER lower than the one before counts.
    pub of_lower: bool,
    /// Whether the counter survives a lost link.
    pub over_reconnect: bool,
    /// Whether the counter survives power off and on.
    pub over_reboot: bool,
}

/// The pauses between connection attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryRules {
    /// The first pause, before jitter.
    pub first: Duration,
    /// The factor from one pause to the next.
    pub growth: u64,
    /// The longest pause.
    pub cap: Duration,
    /// The most that jitter adds, in percent of the pause.
    pub jitter_percent: u64,
    /// The longest Retry-After that is honoured.
    pub retry_after_max: Duration,
}

/// When and how notices are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRules {
    /// sendunsolmsgduringpymttran: whether they are sent during a payment.
    pub wanted: bool,
    /// How they are sent: websocket, call-back or off.
    pub way: String,
    /// Whether they are sent only if the request carried POS_IP and POS_PORT.
    pub need_address: bool,
}

/// The settings of payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRules {
    /// How long the terminal waits for a card, a tender or a PIN; 0 for ever.
    pub card_timeout: Duration,
    /// How long the outcome stays on the screen.
    pub result_time: Duration,
    /// CTimeout: how long the terminal waits for the payment host, in milliseconds.
    pub host_timeout_ms: u64,
    /// The highest amount that is approved without the host, in hundredths; 0 for none.
    pub offline_limit: u64,
    /// How often stored transactions are offered to the host.
    pub offline_interval: Duration,
    /// ALLOWOFFLINETRANTOGOWITHONLINE: 0 if stored transactions are posted only with no session open.
    pub beside_online: u64,
    /// DUPLICATECHECK: 1 if a repeated payment is declined by the terminal.
    pub duplicates: u64,
    /// descriptiveentrymode: whether CARD_ENTRY_MODE is written in words.
    pub descriptive: bool,
    /// Whether the contactless reader is on.
    pub contactless: bool,
    /// Whether the tender is asked for if the request names none.
    pub asks_tender: bool,
    /// Whether a payment first asks for the removal of a card left in the slot; otherwise it is refused as busy.
    pub asks_removal: bool,
    /// Whether a card inserted before the payment is read at once; otherwise it counts as left in the slot.
    pub reads_ahead: bool,
    /// hithostforlasttran: 1 if LAST_TRAN is answered from the host, 0 from the device.
    pub last_from_host: u64,
    /// Whether the answer of a payment that outlived its connection is sent on the next one.
    pub late_answer: bool,
    /// Whether a decline is a SUCCESS, since an outcome was produced.
    pub decline_is_success: bool,
}

/// How requests are read and answers are written, where the pages leave it open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRules {
    /// How an optional field without a value is treated: absent or refused.
    pub empty_fields: String,
    /// How a duplicate field is treated: refused, first or last.
    pub duplicate_fields: String,
    /// How names that GET_PARM does not know are treated: left-out or refused.
    pub unknown_parameters: String,
    /// The order of the first fields of GET_PARM's answer: usual or page.
    pub parameters_order: String,
    /// MACLABEL_IN_SESSION of a session that no registered POS has opened.
    pub session_label: String,
    /// The fields of an answer to a payment: full or brief.
    pub payment_answer: String,
    /// The fields after the first four of an answer to a payment, in order: names, or NAME=VALUE, joined by a bar.
    pub payment_fields: String,
    /// RESPONSE_TEXTs in the words of another device: OURS=THEIRS, joined by a bar.
    pub texts: String,
}

/// TCP keep-alive probes of an idle connection. In all fields but the first, 0 leaves the choice to the operating
/// system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeepAlive {
    /// 1 if probes are sent.
    pub enabled: u64,
    /// The number of unanswered probes after which the connection is dropped.
    pub count: u64,
    /// Seconds without traffic before the first probe.
    pub idle: u64,
    /// Seconds between probes.
    pub interval: u64,
}

/// The ports on which a terminal listens if POSCONNECTALLOW is not WEBSOCKETS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicPorts {
    /// The primary port.
    pub primary: u64,
    /// The secondary port.
    pub secondary: u64,
    /// How long a document may take from its first byte to its last.
    pub document_timeout: Duration,
    /// How long a connection may be idle; 0 for ever.
    pub idle_timeout: Duration,
}
