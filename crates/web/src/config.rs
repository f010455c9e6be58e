use capability::Settings;

use crate::{Cursors, Origins};

/// The configuration of the HTTP edge, the same for every service.
pub struct EdgeConfig {
    /// The origins whose pages may call the service.
    pub origins: Origins,
    /// Signs and verifies the cursors of lists.
    pub cursors: Cursors,
    /// The token with which the services authenticate to each other.
    pub service_token: String,
    /// The Google Cloud project that collects the log; empty outside of Google Cloud.
    pub gcp_project: String,
    /// The number of trusted proxies in front of the service.
    pub trusted_hops: usize,
}

impl EdgeConfig {
    /// The variables of [`EdgeConfig::read`]. A service that uses the client's address declares `trusted_hops` too.
    pub const KEYS: &'static [&'static str] = &["service_token", "cors_origins", "gcp_project"];

    /// Reads the variables. Faults are reported by [`Settings::finish`].
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let service_token = settings.required("service_token");
        let trusted_hops = if settings.declares("trusted_hops") {
            settings
                .parsed("trusted_hops", |text| text.parse().map_err(|_| "is not a whole number from 0 on"))
        } else {
            Some(0)
        };
        let service_token = service_token?;
        Some(Self {
            origins: Origins::parse(settings.optional("cors_origins")),
            cursors: Cursors::new(&service_token),
            service_token,
            gcp_project: settings.optional("gcp_project").to_owned(),
            trusted_hops: trusted_hops?,
        })
    }
}

/// Omits the service token.
impl std::fmt::Debug for EdgeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EdgeConfig")
            .field("origins", &self.origins)
            .field("gcp_project", &self.gcp_project)
            .field("trusted_hops", &self.trusted_hops)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<EdgeConfig, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut settings: Settings = variables.iter().map(owned).collect();
        let edge = EdgeConfig::read(&mut settings);
        settings.finish(|| edge).map_err(|error| error.to_string())
    }

    #[test]
    fn a_service_trusts_no_proxy_unless_it_declares_how_many() {
        assert_eq!(read(&[("service_token", "t")]).unwrap().trusted_hops, 0);
        assert_eq!(read(&[("service_token", "t"), ("trusted_hops", "2")]).unwrap().trusted_hops, 2);
        assert!(read(&[("service_token", "t"), ("trusted_hops", "")]).is_err());
    }

    #[test]
    fn the_service_token_is_required_and_not_logged() {
        assert!(read(&[("service_token", "")]).unwrap_err().contains("service_token"));
        assert!(!format!("{:?}", read(&[("service_token", "s3cret")]).unwrap()).contains("s3cret"));
    }
}
