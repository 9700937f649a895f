//! The names of secret values.

use std::sync::OnceLock;

/// The kind of a secret value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A card number.
    Number,
    /// Track data, or other data read from a card.
    Track,
    /// Chip data.
    Chip,
    /// The expiry date of a card, which is useless without the number and never needed.
    Expiry,
    /// The name of the cardholder.
    Holder,
    /// The security code of a card.
    Code,
    /// A PIN, or its block.
    Pin,
    /// A key.
    Key,
    /// A MAC, which proves the sender of one message and is useless afterwards.
    Mac,
    /// The code that pairs a POS with a device: shown on one, typed at the other.
    Pairing,
    /// A password or passcode.
    Password,
    /// A credential of HTTP or of a service.
    Credential,
    /// Personal data: mail, telephone, address.
    Personal,
}

/// The secret names by kind, in the form that [`folded`] gives.
const TABLE: &[(Kind, &[&str])] = &[
    (
        Kind::Number,
        &[
            "ACCTNUM",
            "ACCTNUMBER",
            "ACCOUNT",
            "ACCOUNTNUM",
            "ACCOUNTNUMBER",
            "CARDNO",
            "CARDNUM",
            "CARDNUMBER",
            "EMBOSSEDACCTNUM",
            "GIFTCARDNUM",
            "GIFTCARDNUMBER",
            "IBAN",
            "MICR",
            "PAN",
            "PRIMARYACCOUNTNUMBER",
            "BARCODE",
            "ROUTINGNUM",
            "ROUTINGNUMBER",
        ],
    ),
    (Kind::Track, &["CARDDATA", "CARDTRACK", "CARDTRACK1", "CARDTRACK2", "CARDTRACK3", "MAGSTRIPE", "TRACKDATA"]),
    (Kind::Chip, &["CHIPDATA", "EMV", "EMVDATA", "EMVTAGS", "EMVTLV", "ICCDATA", "ICCDE55"]),
    (
        Kind::Expiry,
        &[
            "CARDEXP",
            "CARDEXPIRY",
            "CARDEXPDATE",
            "CARDEXPMONTH",
            "CARDEXPYEAR",
            "EXPDATE",
            "EXPIRATION",
            "EXPIRATIONDATE",
            "EXPIRY",
            "EXPIRYDATE",
            "EXPMONTH",
            "EXPYEAR",
        ],
    ),
    (Kind::Holder, &["CARDHOLDER", "CARDHOLDERNAME", "CARDNAME", "HOLDERNAME", "NAMEONCARD"]),
    (
        Kind::Code,
        &[
            "CARDSECURITYCODE",
            "CAV2",
            "CID",
            "CSC",
            "CVC",
            "CVC1",
            "CVC2",
            "CVD",
            "CVN",
            "CVV",
            "CVV1",
            "CVV2",
            "SECURITYCODE",
        ],
    ),
    (Kind::Pin, &["ENCRYPTEDPIN", "GIFTPIN", "KEYSERIALNUMBER", "KSN", "PIN", "PINBLOCK", "PINCODE", "PINDATA"]),
    (Kind::Key, &["DEBITKEY", "MACKEY", "PARMTRANSPORTKEY", "PRIVATEKEY", "SESSIONKEY", "TERMINALKEY", "TRANSPORTKEY"]),
    (Kind::Mac, &["MAC"]),
    (Kind::Pairing, &["ENTRYCODE"]),
    (Kind::Password, &["PARMPASSWORD", "PASSCODE", "PASSPHRASE", "PASSWD", "PASSWORD", "PWD", "USERPASSWORD"]),
    (
        Kind::Credential,
        &[
            "ACCESSTOKEN",
            "APIKEY",
            "APITOKEN",
            "AUTHORIZATION",
            "AUTHTOKEN",
            "BEARERTOKEN",
            "CLIENTSECRET",
            "COOKIE",
            "IDTOKEN",
            "JWT",
            "PROXYAUTHORIZATION",
            "REFRESHTOKEN",
            "SECRET",
            "SETCOOKIE",
            "SIG",
            "TOKEN",
            "XAPIKEY",
            "XAUTHTOKEN",
        ],
    ),
    (
        Kind::Personal,
        &[
            "BANKUSERDATA",
            "BILLINGADDRESS",
            "BILLINGSTREET",
            "BILLINGZIP",
            "BIRTHDATE",
            "CUSTOMERADDRESS",
            "CUSTOMERCITY",
            "CUSTOMEREMAIL",
            "CUSTOMERNAME",
            "CUSTOMERPHONE",
            "CUSTOMERSTREET",
            "CUSTOMERZIP",
            "DATEOFBIRTH",
            "DOB",
            "DRIVERSLICENSE",
            "EMAIL",
            "EMAILADDRESS",
            "EMAILDATA",
            "FIRSTNAME",
            "LASTNAME",
            "LOYALTYDATA",
            "LOYALTYNUMBER",
            "MOBILE",
            "PHONE",
            "PHONENUMBER",
            "POSTALCODE",
            "SHIPPINGADDRESS",
            "SIGNATUREDATA",
            "SSN",
            "SURNAME",
            "TELEPHONE",
            "ZIPCODE",
        ],
    ),
];

/// Secret names that the user adds to the table.
static OWN: OnceLock<Vec<String>> = OnceLock::new();

/// Adds secret names for the rest of the process. Only the first call has an effect.
pub fn add_names(names: &[String]) {
    OWN.get_or_init(|| names.iter().map(|name| folded(name)).filter(|name| !name.is_empty()).collect());
}

/// The kind of secret that a value with this name is; `None` if it is not secret.
///
/// ```
/// use sca_masking::secret::{Kind, kind};
///
/// assert_eq!(kind("CVV2"), Some(Kind::Code));
/// assert_eq!(kind("x:card-number"), Some(Kind::Number));
/// assert_eq!(kind("CARD_TOKEN"), None);
/// ```
#[must_use]
pub fn kind(name: &str) -> Option<Kind> {
    let folded = folded(name);
    let listed = TABLE.iter().find(|(_, names)| names.contains(&folded.as_str())).map(|(kind, _)| *kind);
    let kind_of_emv_tag = || folded.strip_prefix("EMVTAG").and_then(kind_of_emv_tag);
    // Names of tracks contain a number and other parts, in any order.
    let is_track = || folded.strip_prefix("CARD").unwrap_or(&folded).starts_with("TRACK");
    let is_own = || OWN.get().is_some_and(|own| own.contains(&folded));
    // A name with this ending is of that kind, whatever its beginning.
    let by_end = || match folded.as_str() {
        name if ["PASSWORD", "PASSPHRASE", "PASSWD", "PASSCODE"].iter().any(|end| name.ends_with(end)) => {
            Some(Kind::Password)
        }
        name if ["APIKEY", "SECRET", "ACCESSTOKEN", "AUTHTOKEN"].iter().any(|end| name.ends_with(end)) => {
            Some(Kind::Credential)
        }
        name if name.starts_with("LOYALTY") && name.len() > 7 => Some(Kind::Personal),
        _ => None,
    };
    listed
        .or_else(kind_of_emv_tag)
        .or_else(|| is_track().then_some(Kind::Track))
        .or_else(by_end)
        .or_else(|| is_own().then_some(Kind::Password))
}

/// The kind of secret in a single EMV data object, by its tag.
fn kind_of_emv_tag(tag: &str) -> Option<Kind> {
    Some(match tag {
        "56" | "57" | "9F1F" | "9F20" | "9F6B" => Kind::Track,
        "5A" => Kind::Number,
        "5F20" | "9F0B" => Kind::Holder,
        "5F24" => Kind::Expiry,
        "99" => Kind::Pin,
        _ => return None,
    })
}

/// A name in the form of the table: no prefix, no punctuation, capitals.
fn folded(name: &str) -> String {
    let local = name.rsplit(':').next().unwrap_or(name);
    local.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

impl Kind {
    /// Whether it is withheld from everything that is shown. The other kinds are removed from stored captures only.
    #[must_use]
    pub const fn is_withheld(self) -> bool {
        !matches!(self, Self::Credential | Self::Personal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_were_found_in_the_field_are_known() {
        for (kinds, names) in [
            (
                &[Kind::Chip, Kind::Number, Kind::Track, Kind::Holder, Kind::Expiry][..],
                "EMV_TAG_57 EMV_TAG_5A EMV_TAG_56 EMV_TAG_5F20 EMV_TAG_5F24 EMV_TAGS",
            ),
            (&[Kind::Pin], "PIN GIFT_PIN KSN PIN_BLOCK"),
            (&[Kind::Code], "CVV2 CID CVC CARD_SECURITY_CODE"),
            (&[Kind::Expiry], "CARD_EXP EXP_DATE EXPIRY CARD_EXP_MONTH"),
            (&[Kind::Holder], "CARDHOLDER CARDHOLDER_NAME"),
            (&[Kind::Number], "ACCT_NUM GIFT_CARD_NUM CARD_NUM MICR ROUTING_NUM ACCOUNT EMBOSSED_ACCT_NUM"),
            (&[Kind::Personal], "BANK_USERDATA EMAILDATA LOYALTY_DATA CUSTOMER_STREET CUSTOMER_ZIP SIGNATUREDATA"),
            (&[Kind::Password], "PASSWORD PARM_PASSWORD"),
        ] {
            for name in names.split(' ') {
                assert!(kind(name).is_some_and(|kind| kinds.contains(&kind)), "{name} is {:?}", kind(name));
            }
        }
    }

    /// In answers this is the result of the check, one letter, and no secret.
    #[test]
    fn the_result_of_checking_a_security_code_is_kept() {
        assert_eq!(kind("CVV2_CODE"), None);
        assert_eq!(kind("CVV2"), Some(Kind::Code));
    }

    #[test]
    fn names_are_compared_without_their_marks() {
        for name in
            ["CVV2", "cvv2", "x:CVV2", "Cvv-2", "CARD_TRACK2", "TRACK2_DATA", "Track 1", "Pin_Block", "set-cookie"]
        {
            assert!(kind(name).is_some(), "{name}");
        }
        for name in ["CARD_TOKEN", "PINPAD_ID", "PIN_TRIES", "INVOICE", "MAC_LABEL", "KEY", "TRANS_AMOUNT", "PPCV", ""]
        {
            assert_eq!(kind(name), None, "{name}");
        }
    }
}
