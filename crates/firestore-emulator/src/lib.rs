//! The Firestore REST subset that the client uses, in process, with fault injection
