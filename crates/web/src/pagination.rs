//! Lists in pages: the parameters `limit` and `cursor`, and the envelope of a page.

use kernel::page::{Page, PageRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Call, Problem, Reply};

impl Call {
    /// Reads the page that the request asks for.
    ///
    /// `list` is the name of the list and of its member in the response. `scope` is all that selects and sorts the items:
    /// filters, sort order, ids in the path. A cursor of another list or scope is rejected.
    ///
    /// # Errors
    /// 400
    pub fn page<K: DeserializeOwned>(
        &self,
        list: &str,
        scope: &(impl Serialize + ?Sized),
    ) -> Result<PageRequest<K>, Problem> {
        Ok(PageRequest { after: self.cursor(list, scope)?, limit: self.query().limit()? })
    }

    /// Reads the cursor alone, for a list whose pages have a fixed size.
    ///
    /// # Errors
    /// 400
    pub fn cursor<K: DeserializeOwned>(
        &self,
        list: &str,
        scope: &(impl Serialize + ?Sized),
    ) -> Result<Option<K>, Problem> {
        self.query().read("cursor", "must be the nextCursor of an earlier answer to the same query", |text| {
            self.cursors.verify(list, scope, text)
        })
    }

    /// Returns the cursor of the page after `page`, if there is one.
    ///
    /// # Errors
    /// 500
    pub fn next_cursor(
        &self,
        list: &str,
        scope: &(impl Serialize + ?Sized),
        page: &Page,
    ) -> Result<Option<String>, Problem> {
        let sign = |key| self.cursors.sign(list, scope, key);
        page.next.as_ref().map(sign).transpose().map_err(Problem::internal)
    }

    /// Writes a page in its envelope: `{"<list>": items, "nextCursor": ..}`. `more` are further members, each a name and
    /// finished JSON.
    ///
    /// # Errors
    /// 500
    pub fn page_json(
        &self,
        list: &str,
        scope: &(impl Serialize + ?Sized),
        page: &Page,
        more: &[(&str, &str)],
    ) -> Result<String, Problem> {
        let items = page.items.get();
        // A cursor is base64url, so nothing in it needs escaping.
        let next = self.next_cursor(list, scope, page)?;
        let next = next.map_or_else(|| "null".to_owned(), |cursor| format!("\"{cursor}\""));
        let more: String = more.iter().map(|(name, json)| format!(",\"{name}\":{json}")).collect();
        Ok(format!(r#"{{"{list}":{items},"nextCursor":{next}{more}}}"#))
    }
}

impl Reply {
    /// Creates the reply with a page, 200. The arguments are those of [`Call::page_json`].
    ///
    /// # Errors
    /// 500
    pub fn page(
        call: &Call,
        list: &str,
        scope: &(impl Serialize + ?Sized),
        page: &Page,
    ) -> Result<Self, Problem> {
        call.page_json(list, scope, page, &[]).map(Self::from_json)
    }
}
