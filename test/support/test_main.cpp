// The main() that every unit test program shares.
#define BOOST_TEST_MODULE kyc
#include <boost/test/unit_test.hpp>
