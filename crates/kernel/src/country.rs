use serde::{Serialize, Serializer};

/// A country, an officially assigned ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(&'static str);

/// The text is not the code of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 3166-1 alpha-2 code in capitals")]
pub struct UnknownCountry;

impl Country {
    /// Parses a code in capitals.
    pub fn parse(code: &str) -> Result<Self, UnknownCountry> {
        let found = ASSIGNED.split_ascii_whitespace().find(|assigned| *assigned == code);
        found.map(Self).ok_or(UnknownCountry)
    }

    /// Returns the code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// The 249 officially assigned codes of ISO 3166-1.
const ASSIGNED: &str = "
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM
    PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ
    TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_one_of_249_codes() {
        assert_eq!(ASSIGNED.split_ascii_whitespace().count(), 249);
        assert_eq!(Country::parse("GB").map(Country::as_str), Ok("GB"));
        for code in ["", "gb", "UK", "XX", "GBR", " GB", "AD AE", "G"] {
            assert_eq!(Country::parse(code), Err(UnknownCountry), "{code:?}");
        }
    }
}
