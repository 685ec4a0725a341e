#include "import/import_report.hpp"

#include "text/csv_write.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace kyc {

namespace {

std::vector<std::string> joined(std::vector<std::string> first, const std::vector<std::string>& rest) {
    first.insert(first.end(), rest.begin(), rest.end());
    return first;
}

} // namespace

boost::system::result<import_report, std::string> import_report::make(const std::filesystem::path& file,
                                                                      const csv_table& header) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) return file.string() + " is there already; name another file";
    if (fd < 0) return file.string() + " cannot be made: " + std::strerror(errno);
    std::unique_ptr<std::FILE, closing> opened(::fdopen(fd, "w"));
    if (!opened) {
        ::close(fd);
        return file.string() + " cannot be made: " + std::strerror(ENOMEM);
    }
    import_report made(std::move(opened), header.delimiter);
    write_csv_row(made.file_.get(), joined({"import.line", "import.problem", "import.reason"}, header.header),
                  header.delimiter);
    return made;
}

void import_report::add(const csv_row& row, const bad_row& why) {
    write_csv_row(file_.get(), joined({std::to_string(row.line), std::string(why.word), why.why}, row.cells),
                  delimiter_);
}

bool import_report::finish() {
    const bool written = std::fflush(file_.get()) == 0 && std::ferror(file_.get()) == 0;
    return written && ::fsync(::fileno(file_.get())) == 0;
}

} // namespace kyc
