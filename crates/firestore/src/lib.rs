//! A client of Firestore's REST API over the Http capability
