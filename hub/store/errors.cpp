#include "hub/store/errors.h"

#include "hub/store/files.h"

namespace racehub::store {

bool means_damage(const sql::Error& error) {
    switch (error.code) {
        case SQLITE_IOERR_READ:
        case SQLITE_IOERR_SHORT_READ:
        case SQLITE_IOERR_CORRUPTFS:
            return true;
        default:
            return error.primary() == SQLITE_CORRUPT || error.primary() == SQLITE_NOTADB;
    }
}

std::string sentence_for(const sql::Error& error, const std::string& path) {
    const std::string detail = " (SQLite says: " + error.message + ".)";
    switch (error.primary()) {
        case SQLITE_FULL:
            return "The disk is full: free some space in " + folder_of(path) +
                   "; while the hub runs, writing then goes on by itself.";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "Another program holds the database " + path +
                   ": end it, or wait until it is done.";
        case SQLITE_IOERR:
            return "The disk reports an error for " + path + ": check the disk or the card." +
                   detail;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return "The hub may not write " + path +
                   ": give its user the right to write the file and its folder." + detail;
        case SQLITE_CANTOPEN:
            return "The database " + path +
                   " cannot be opened: check that the folder is there and may be written." + detail;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return "The database " + path +
                   " is damaged: restart the hub, it then restores what can be read." + detail;
        case SQLITE_CONSTRAINT:
            return "The log holds this entry already: restart the hub, it then goes on from the "
                   "log." +
                   detail;
        default:
            return "The database " + path + " refuses: " + error.message + ".";
    }
}

}  // namespace racehub::store
