// One SQLite database: statements and transactions as Result. Internal to registry.
//
// Opened so that what a commit returned survives a power failure (WAL, synchronous=FULL), that a writer waits
// for another one, and that a damaged or hostile file is an error: SQLite's own defences are on, and its
// schema has to be the one expected, so no trigger or view of somebody else's runs.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace turnout {

struct SqliteClose {
  void operator()(sqlite3* database) const;
  void operator()(sqlite3_stmt* statement) const;
};

// A row at a time: bind, then Step() until it is false.
class Statement {
 public:
  Statement& Bind(int parameter, std::string_view text);  // parameters count from 1
  Statement& Bind(int parameter, int64_t number);
  Statement& Bind(int parameter, double number);
  // Whether there is a row.
  Result<bool> Step();
  // Of the row, columns from 0; another type than asked for reads as empty or 0.
  std::string Text(int column) const;
  int64_t Integer(int column) const;
  double Real(int column) const;

 private:
  friend class Database;
  Statement(std::unique_ptr<sqlite3_stmt, SqliteClose> made, const std::string& path)
      : statement_(std::move(made)), path_(path) {}
  std::unique_ptr<sqlite3_stmt, SqliteClose> statement_;
  const std::string& path_;  // the database's
  int failed_ = 0;           // of a Bind; Step tells
};

class Database {
 public:
  struct Schema {
    int32_t application = 0;  // SQLite's application_id: whose file it is
    int32_t version = 0;      // user_version
    // The statements that make the tables, exactly as SQLite keeps them: "CREATE TABLE name (...)".
    std::span<const std::string_view> tables;
  };
  // Opens the database at `path`. `wait_seconds`: how long for another writer.
  static Result<Database> Open(const std::string& path, const Schema& schema, double wait_seconds = 60);
  // Makes it where there is none: beside its path ("path.new-<pid>") and linked there when whole, so that of
  // two processes that come at once the first one's stays.
  static Status Create(const std::string& path, const Schema& schema);
  static constexpr std::string_view kUnfinished = ".new-";

  Result<Statement> Prepare(std::string_view sql);
  Status Run(std::string_view sql);  // one statement without rows

  // Takes the right to write, which one process has at a time and which ends with it. Rolled back when
  // dropped without Commit.
  class Transaction {
   public:
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    Status Commit();

   private:
    friend class Database;
    explicit Transaction(Database* database) : database_(database) {}
    Database* database_;
  };
  Result<Transaction> Write();
  // A view of one moment, whatever others commit meanwhile.
  Result<Transaction> Read();

  const std::string& path() const { return *path_; }

 private:
  Database() = default;
  static Result<Database> Connect(const std::string& path, bool create, double wait_seconds);
  Status CheckSchema(const Schema& schema);
  std::unique_ptr<std::string> path_;  // stays where it is: statements refer to it
  std::unique_ptr<sqlite3, SqliteClose> database_;
};

}  // namespace turnout
