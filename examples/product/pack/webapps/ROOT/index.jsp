<%-- SPDX-License-Identifier: Apache-2.0 --%>
<%@ page contentType="text/html; charset=UTF-8" session="false" %>
<!DOCTYPE html>
<title>The product</title>
<p>The product, as it came in its pack, on port <%= request.getLocalPort() %>.
