<%-- SPDX-License-Identifier: Apache-2.0 --%>
<%@ page contentType="text/plain; charset=UTF-8" session="false" %><%!
    private static String extension() {
        try {
            return Class.forName("org.apache.commons.lang3.StringUtils").getPackage().getImplementationVersion();
        } catch (ClassNotFoundException absent) {
            return "none";
        }
    }
%>A page from the artifact volume, served on the config volume's port.
  port           <%= request.getLocalPort() %>
  server         <%= application.getServerInfo() %>
  Java           <%= System.getProperty("java.runtime.version") %>
  started with   <%= System.getProperty("sun.java.command") %>
  commons-lang3  <%= extension() %>
