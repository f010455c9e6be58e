//! `carts/{owner}`

use firestore::{CommitError, Error, Versioned, Write};
use kernel::Timestamp;

use super::Documents;
use crate::Host;
use crate::domain::cart::Cart;
use crate::domain::cart_owner::{CartOwner, CartToken};

/// A cart and the version of its document, for the precondition of the next write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LoadedCart {
    pub(crate) owner: CartOwner,
    pub(crate) cart: Cart,
    /// `None` if the owner has no open cart; `cart` is then a new one.
    pub(crate) version: Option<Timestamp>,
}

/// The carts of a merge.
#[derive(Debug)]
pub(crate) struct CartMerge<'m> {
    pub(crate) user: &'m LoadedCart,
    pub(crate) merged: &'m Cart,
    pub(crate) token: &'m CartToken,
    pub(crate) guest: &'m Versioned<Cart>,
    pub(crate) emptied: &'m Cart,
}

/// Returns the cart of an owner, or a new one that is not stored.
pub(crate) async fn load<H: Host>(
    documents: &Documents<'_, H>,
    owner: CartOwner,
) -> Result<LoadedCart, Error> {
    let now = documents.host.now();
    let found: Option<Versioned<Cart>> = documents.get(&path(&owner)).await?;
    Ok(match found.filter(|document| document.value.is_open(now)) {
        Some(document) => LoadedCart { owner, cart: document.value, version: Some(document.update_time) },
        None => LoadedCart { owner, cart: Cart::new(documents.host.bytes(), now), version: None },
    })
}

/// Returns the cart of a guest, even if it is expired or merged.
pub(crate) async fn find_guest_cart<H: Host>(
    documents: &Documents<'_, H>,
    token: &CartToken,
) -> Result<Option<Versioned<Cart>>, Error> {
    documents.get(&path(&CartOwner::Guest(token.clone()))).await
}

/// Stores the changed cart if its document is unchanged since it was loaded.
pub(crate) async fn save<H: Host>(
    documents: &Documents<'_, H>,
    loaded: &LoadedCart,
    changed: &Cart,
) -> Result<(), CommitError> {
    documents.commit(&[write(loaded, changed)?]).await.map(|_| ())
}

/// Stores both carts of a merge if both documents are unchanged since they were loaded, or none of them.
pub(crate) async fn save_merge<H: Host>(
    documents: &Documents<'_, H>,
    merge: &CartMerge<'_>,
) -> Result<(), CommitError> {
    let guest = path(&CartOwner::Guest(merge.token.clone()));
    let writes = [
        write(merge.user, merge.merged)?,
        Write::set(guest, merge.emptied)?.unchanged_since(Some(merge.guest.update_time)),
    ];
    documents.commit(&writes).await.map(|_| ())
}

/// The write that replaces a loaded cart if it is unchanged.
pub(super) fn write(loaded: &LoadedCart, changed: &Cart) -> Result<Write, firestore::value::ValueError> {
    Ok(Write::set(path(&loaded.owner), changed)?.unchanged_since(loaded.version))
}

fn path(owner: &CartOwner) -> String {
    format!("carts/{}", owner.cart_id())
}
